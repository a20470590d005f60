"""What has happened since? One reading of the log's end for all processes of this program."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from infra.ports import LogReader, Stored
from write_model.kernel.message import Envelope

Decode = Callable[[Sequence[Stored]], Awaitable[Sequence[Envelope[Any]]]]
KEPT = 4096  # decoded events that are remembered


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in position order, and the position up to which there are no others of these types."""

    envelopes: Sequence[Envelope[Any]]
    position: int


class Tail:
    """Rows at the log's end are read and decoded once; whoever is far behind reads for itself.

    `types` are the stored names that anybody here handles. Raises what the reader and the decoder raise.
    """

    def __init__(self, reader: LogReader, decode: Decode, types: Collection[str], kept: int = KEPT) -> None:
        self._reader = reader
        self._decode = decode
        self._types = tuple(types)
        self._kept: deque[Envelope[Any]] = deque()
        self._most = kept
        self._from = 0  # every event of our types in (from, to] is kept
        self._to = 0
        self._furthest = 0  # where anybody stands, or might
        self._turn = asyncio.Lock()  # to read
        self._front = asyncio.Lock()  # to wait: nobody who is behind needs it

    async def after(self, position: int, limit: int, seconds: float) -> Batch:
        """At most `limit` events past the position; waits so long for the first one. It may be empty."""
        if self._remembers(position):
            return self._remembered(position, limit)
        self._furthest = max(self._furthest, position)
        head = await self._news(position, seconds)
        if head <= position:
            return Batch([], position)
        async with self._turn:
            if self._remembers(position):
                return self._remembered(position, limit)
            batch = await self._rows(position, limit, head)
            self._remember(position, batch)
            return batch

    async def between(self, after: int, up_to: int, limit: int) -> Batch:
        """Past one position and not past another, read again from the log."""
        batch = await self._rows(after, limit, up_to)
        return Batch([each for each in batch.envelopes if each.position <= up_to], min(batch.position, up_to))

    async def _news(self, position: int, seconds: float) -> int:
        """The head once it is past the position, at most so long. One waits for all who stand at the front."""
        if position < self._furthest:
            return await self._reader.wait(position, 0)
        now = asyncio.get_running_loop().time
        until = now() + seconds
        try:
            async with asyncio.timeout(seconds if self._front.locked() else None):  # free: also with no time at all
                await self._front.acquire()
        except TimeoutError:
            return position
        try:
            head = await self._reader.wait(position, max(until - now(), 0.0))
            self._furthest = max(self._furthest, head)
            return head
        finally:
            self._front.release()

    def _remembers(self, position: int) -> bool:
        return self._from <= position < self._to

    def _remembered(self, position: int, limit: int) -> Batch:
        newer = [*takewhile(lambda each: each.position > position, reversed(self._kept))]
        part = newer[::-1][:limit]
        return Batch(part, part[-1].position if len(newer) > limit else self._to)

    def _remember(self, position: int, batch: Batch) -> None:
        """What adds to the memory's end, or begins one further on; who reads the past leaves it alone."""
        if position < self._to:
            return
        if position > self._to or not self._kept:
            self._kept.clear()
            self._from = position
        self._kept.extend(batch.envelopes)
        self._to = batch.position
        while len(self._kept) > self._most:
            self._from = self._kept.popleft().position

    async def _rows(self, after: int, limit: int, head: int) -> Batch:
        rows = await self._reader.read(after, limit, self._types)
        envelopes = await self._decode(rows)
        if len(rows) == limit:
            return Batch(envelopes, rows[-1].position)
        return Batch(envelopes, max(head, rows[-1].position if rows else 0))
