"""What is new in the log? One tail per process: an event is read and decoded once, for all projections."""

import asyncio
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from infra.ports import LogReader, Stored, Unavailable
from write_model.handling.coding import Decode
from write_model.handling.failures import NewerThanCode
from write_model.kernel.clock import Clock
from write_model.kernel.message import Envelope, Event

BATCH = 500  # events
WINDOW = 4_000  # events that are kept for those who are a little behind
IDLE_SECONDS = 1.0
RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An event whose bytes don't decode: who folds its kind may not go past it."""

    position: int
    type: str
    reason: str


class Stuck(Exception):
    """The next event can't be read by this code, or is damaged. Nothing is guessed or skipped."""

    def __init__(self, at: Unreadable) -> None:
        super().__init__(f"{at.type} at position {at.position}: {at.reason}")
        self.position = at.position


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of the wanted kinds in order, and the position up to which there are no others."""

    envelopes: Sequence[Envelope[Event]]
    reached: int
    is_live: bool  # from the shared tail: whoever gets it is nearly up to date


Item = Envelope[Event] | Unreadable


class Feed:
    """`names`: the stored name of each event class. `run` has to run; the rest waits for it."""

    def __init__(self, reader: LogReader, decode: Decode, names: Mapping[type, str], clock: Clock) -> None:
        self._reader = reader
        self._decode = decode
        self._names = names
        self._wanted: dict[Collection[type], frozenset[str]] = {}  # the stored names of these kinds
        self._clock = clock
        self._items: list[Item] = []
        self._positions: list[int] = []
        self._low = 0  # everything after it is in the window
        self._high = 0
        self._grown = asyncio.Event()
        self._started = False

    @property
    def head(self) -> int:
        """The newest position that was seen."""
        return self._high

    async def run(self) -> None:
        """Follow the log until cancelled."""
        while True:
            try:
                if not self._started:
                    self._low = self._high = await self._reader.head()
                    self._started = True
                    self._wake()
                await self._grow()
            except Unavailable:
                await self._clock.sleep(RETRY_SECONDS)

    async def ends_before(self, position: int) -> bool:
        """Whether the log, asked now, does not reach the position. Raises Unavailable."""
        return position > self._high and self._started and await self._reader.head() < position

    async def after(self, position: int, types: Collection[type], limit: int, seconds: float) -> Batch:
        """The next events, at once or as soon as there are any, at most so much later.

        Raises Stuck, Unavailable.
        """
        if position >= self._high or not self._started:
            await self._wait(seconds)
        if not self._started or position >= self._high:
            return Batch((), position, is_live=True)
        if position >= self._low:
            return self._from_window(position, types, limit)
        return await self.far(position, types, limit)

    async def far(self, position: int, types: Collection[type], limit: int) -> Batch:
        """Straight from the log, the wanted kinds only: for those who are far behind."""
        names = self._names_of(types)
        head = self._high if self._started else await self._reader.head()
        rows = await self._reader.read(position, limit, sorted(names))
        reached = rows[-1].position if len(rows) >= limit else max(head, rows[-1].position if rows else position)
        return _readable(await self._decoded(rows), reached, names, is_live=False)

    async def _grow(self) -> None:
        head = await self._reader.wait(self._high, IDLE_SECONDS)
        if head < self._high:  # restored from an older backup: what is here beyond its end has not happened
            self._items.clear()
            self._positions.clear()
            self._low = self._high = head
        if head <= self._high:
            return
        rows = await self._reader.read(self._high, BATCH)
        if not rows:
            return
        for item in await self._decoded(rows):
            self._items.append(item)
            self._positions.append(item.position)
        self._high = rows[-1].position
        surplus = len(self._items) - WINDOW
        if surplus > 0:
            self._low = self._positions[surplus - 1]
            del self._items[:surplus], self._positions[:surplus]
        self._wake()

    def _wake(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._grown.wait()
        except TimeoutError:
            return

    def _from_window(self, position: int, types: Collection[type], limit: int) -> Batch:
        start = bisect_right(self._positions, position)
        items = self._items[start : start + limit]
        is_cut = start + limit < len(self._items)
        reached = items[-1].position if is_cut else self._high
        return _readable(items, reached, self._names_of(types), is_live=True, types=types)

    def _names_of(self, types: Collection[type]) -> frozenset[str]:
        kinds = frozenset(types)
        found = self._wanted.get(kinds)
        if found is None:
            found = self._wanted[kinds] = frozenset(self._names[kind] for kind in types)
        return found

    async def _decoded(self, rows: Sequence[Stored]) -> Sequence[Item]:
        try:
            return await self._decode(rows)
        except Unavailable:
            raise
        except Exception:  # one of them is damaged or newer than this code: find out which
            return [item for row in rows for item in await self._decoded_one(row)]

    async def _decoded_one(self, row: Stored) -> Sequence[Item]:
        try:
            return await self._decode([row])
        except Unavailable:
            raise
        except NewerThanCode:
            return [Unreadable(row.position, row.type, "log.newer_than_code")]
        except Exception as problem:
            return [Unreadable(row.position, row.type, type(problem).__name__)]


def _readable(
    items: Sequence[Item],
    reached: int,
    names: Collection[str],
    *,
    is_live: bool,
    types: Collection[type] | None = None,
) -> Batch:
    envelopes: list[Envelope[Event]] = []
    last = 0
    for item in items:
        if isinstance(item, Unreadable):
            if item.type in names:
                if not envelopes:
                    raise Stuck(item)
                return Batch(envelopes, max(last, envelopes[-1].position), is_live)
        elif types is None or type(item.event) in types:
            envelopes.append(item)
        last = item.position
    return Batch(envelopes, reached, is_live)
