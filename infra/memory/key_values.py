"""The twin of the key-value store, for unit tests and the simulation."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from infra.ports import Cached, Copy


@dataclass(slots=True)
class _View:
    epoch: str
    covered: int


class MemoryKeyValues:
    """Implements KeyValueStore. Nothing runs out; `flush` forgets everything, as FLUSHALL does."""

    def __init__(self) -> None:
        self._views: dict[str, _View] = {}
        self._copies: dict[str, tuple[str, Copy]] = {}  # by key: the epoch and the copy
        self._begun = 0
        self._listening: dict[str, list[asyncio.Queue[int]]] = {}

    def flush(self) -> None:
        self._views.clear()
        self._copies.clear()

    async def get(self, view: str, keys: Sequence[str]) -> Sequence[Cached]:
        here = self._views.get(view)
        if here is None:
            return [Cached(None, 0, None) for _ in keys]
        found = []
        for key in keys:
            epoch, copy = self._copies.get(key, ("", None))
            found.append(Cached(here.epoch, here.covered, copy if epoch == here.epoch else None))
        return found

    async def put_newer(
        self, view: str, epoch: str, copies: Sequence[Copy], covered: int | None, seen: int | None = None
    ) -> bool:
        here = self._views.get(view)
        if here is None or here.epoch != epoch or (seen is not None and here.covered != seen):
            return False
        for copy in copies:
            standing = self._copies.get(copy.key)
            if standing is not None and standing[0] == epoch and standing[1].position >= copy.position:
                continue
            if copy.body is None:
                self._copies.pop(copy.key, None)
            else:
                self._copies[copy.key] = (epoch, copy)
        if covered is not None:
            here.covered = covered
        return True

    async def begin(self, view: str, covered: int) -> str:
        self._begun += 1
        self._views[view] = _View(f"epoch-{self._begun}", covered)
        return self._views[view].epoch

    async def nudge(self, channel: str, position: int) -> None:
        for queue in self._listening.get(channel, []):
            queue.put_nowait(position)

    async def nudges(self, channel: str) -> AsyncIterator[int]:
        queue: asyncio.Queue[int] = asyncio.Queue()
        listening = self._listening.setdefault(channel, [])
        listening.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            listening.remove(queue)
