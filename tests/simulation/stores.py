"""Document stores and the key-value store that may lose what they had, or go back to what they held before."""

import asyncio
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

from infra.memory.key_values import MemoryKeyValues
from infra.memory.views import MemoryViewStore
from infra.memory.work import MemoryLeases
from infra.ports import Cached, Doc, Fenced, Unavailable
from tests.simulation.wires import AFTER, BEFORE, Way, Wire, at_once


class SimulatedViews(MemoryViewStore):
    """A dump holds everything: documents, parked keys and checkpoints of one moment."""

    def dump(self) -> Any:
        targets = {name: type(target)(dict(target.docs), dict(target.parked)) for name, target in self._targets.items()}
        return targets, {name: copy(checkpoint) for name, checkpoint in self._checkpoints.items()}

    def restore(self, dump: Any) -> None:
        targets, checkpoints = dump
        self._targets = {name: type(target)(dict(target.docs), dict(target.parked)) for name, target in targets.items()}
        self._checkpoints = {name: copy(checkpoint) for name, checkpoint in checkpoints.items()}


class SimulatedKeyValues(MemoryKeyValues):
    """While it is `away` every call fails, and nothing is lost. `evicts` says of each copy that is asked for whether it
    is gone, as in a server that is short of memory.
    """

    away = False

    def __init__(self, evicts: Callable[[], bool]) -> None:
        super().__init__()
        self._evicts = evicts

    async def get(self, view: str, keys: Sequence[str]) -> Sequence[Cached]:
        for key in keys:
            if key in self._copies and self._evicts():
                del self._copies[key]
        return await super().get(view, keys)

    def dump(self) -> Any:
        return {name: copy(view) for name, view in self._views.items()}, dict(self._copies)

    def restore(self, dump: Any) -> None:
        views, copies = dump
        self._views = {name: copy(view) for name, view in views.items()}
        self._copies = dict(copies)


class SimulatedLeases(MemoryLeases):
    def run_out(self, worker: str) -> None:
        """As if so much time had passed."""
        for held in self._held.values():
            if held.worker == worker:
                held.until = None


class ViewWire(Wire):
    """Documents may be written without the checkpoint, as by a server that dies between the two."""

    def __init__(self, name: str, target: SimulatedViews, way: Way) -> None:
        super().__init__(name, target, way)
        self._views = target

    async def commit(self, target: str, fence: int, after: int, position: int, docs: Sequence[Doc]) -> None:
        way = self._way
        await way.go()
        await way.passing(f"{self._name}.commit", target)
        failing = self._failing(f"{self._name}.commit")
        if failing == BEFORE:
            if way.chance.one() < 0.5:
                at_once(self._views.write(target, docs[: way.chance.whole(0, len(docs))]))
            raise Unavailable("commit")
        try:
            at_once(self._views.commit(target, fence, after, position, docs))
        except Fenced:
            way.record.seen["fenced write"] += 1
            raise
        way.told(f"{self._name}.commit {target} {position}")
        await way.passing(f"{self._name}.commit done", target)
        await way.come_back()
        if failing == AFTER:
            raise Unavailable("commit")


class KeyValueWire(Wire):
    """Nudges may be lost."""

    def __init__(self, target: SimulatedKeyValues, way: Way) -> None:
        super().__init__("kv", target, way)
        self._values = target

    def _failing(self, label: str, times: float = 1.0) -> str | None:
        return BEFORE if self._values.away else super()._failing(label, times)

    async def nudge(self, channel: str, position: int) -> None:
        await self._way.go()
        await self._way.passing("kv.nudge")
        if self._values.away:
            raise Unavailable("kv.nudge")
        if self._way.chance.hits(self._way.record.rate("broker") * 5):
            self._way.record.inject("broker", "nudge lost")
            return
        at_once(self._values.nudge(channel, position))
        await self._way.passing("kv.nudge done")

    async def nudges(self, channel: str) -> Any:
        queue: asyncio.Queue[int] = asyncio.Queue()
        listening = self._values._listening.setdefault(channel, [])
        listening.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            listening.remove(queue)
