"""How far is a view, and may it be read? Checkpoints as this process knows them, asked again while somebody waits."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeVar

import msgspec

from infra.ports import GenerationStore, Unavailable, ViewStore
from projections.running.generations import Reading
from projections.running.projection import Source
from write_model.kernel.clock import Clock

PAUSE = 0.005  # seconds between two looks while somebody waits
LONGEST_PAUSE = 0.02
IDLE_PAUSE = 0.25  # seconds between two looks when nobody does
GAP = 1_000  # events behind the others: then it is being rebuilt

D = TypeVar("D", bound=msgspec.Struct)


class Behind(Exception):
    """The view has not reached the position that the reader asks for."""

    def __init__(self, position: int, lag_ms: int) -> None:
        super().__init__(f"at position {position}")
        self.position, self.lag_ms = position, lag_ms


class Rebuilding(Exception):
    """The view's store is away or is being filled again, and nothing else can answer."""

    def __init__(self, position: int, retry_after: float = 1.0) -> None:
        super().__init__(f"at position {position}")
        self.position, self.retry_after = position, retry_after


class Freshness:
    """The checkpoints of all stores. `run` keeps them recent; `wait` asks at once."""

    def __init__(
        self,
        stores: Mapping[str, ViewStore],
        clock: Clock,
        nudges: Mapping[str, Callable[[], AsyncIterator[int]]] | None = None,
        generations: GenerationStore | None = None,
    ) -> None:
        self._stores = stores
        self._clock = clock
        self._generations = Reading(generations)
        self._nudges = nudges or {}  # by view: where it is told that it has moved
        self._nudged: dict[str, asyncio.Event] = {}  # those that are listened to
        self._positions: dict[str, Mapping[str, int]] = {name: {} for name in stores}
        self._highest: dict[tuple[str, str], int] = {}
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._down: set[str] = set()
        self._looked = float("-inf")  # loop time
        self._floor = 0  # the highest position that a store told; what a reader says may be anything
        self._behind_since: dict[str, float] = {}  # by target, loop time
        self._in_vain: dict[str, float] = {}  # by view: seconds that the latest reader waited for nothing

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for view in self._nudges:
                tasks.create_task(self._listen(view))
            while True:
                await self._generations.learn(self._now())
                await self.refresh()
                await self._clock.sleep(IDLE_PAUSE)

    async def refresh(self) -> None:
        """Ask every store once; callers at the same time share the question."""
        if not self._generations.is_known:
            await self._generations.learn(self._now())
        self._looked = self._now()
        await asyncio.wait([self._asking(name) for name in self._stores])
        self._generations.settle(self._positions, self._down, self._now())

    def live(self, source: Source[D]) -> Source[D]:
        """In the generation that this process reads now; one that says its generation stays in it.

        Raises Rebuilding while it is not known.
        """
        if not self._generations.is_known:
            raise Rebuilding(0)
        return self._pinned(source)

    def _pinned(self, source: Source[D]) -> Source[D]:
        return source if source.generation is not None else source.at(self._generations.of(source.family))

    async def still(self, source: Source[Any], store: str, position: int) -> bool:
        """Whether the store, asked now, still stands at `position` or further: else what was read may be older."""
        if store in self._asked:
            await asyncio.wait([self._asked[store]])  # that question began before what was read
        await asyncio.wait([self._asking(store)])
        return store not in self._down and self._at(self._pinned(source).target, store) >= position

    def position(self, source: Source[Any]) -> int:
        """The highest position of the view over its stores, as last seen; over those that answer, where some do."""
        target = self._pinned(source).target
        answering = [store for store in source.stores if store not in self._down] or source.stores
        return max((self._at(target, store) for store in answering), default=0)

    async def wait(self, source: Source[Any], position: int, seconds: float) -> int:
        """Until some store of the view has reached `position`, at most so long; the position reached."""
        if (reached := self.position(source)) >= position:
            return reached
        pause = PAUSE
        try:
            async with asyncio.timeout(seconds):
                while True:
                    nudged = self._nudged.get(source.family)  # before the look: what comes after it is heard
                    if self._now() - self._looked >= PAUSE / 2:  # else another has just asked
                        await self.refresh()
                    if self.position(source) >= position:
                        self._in_vain.pop(source.family, None)
                        break
                    await self._pause(nudged, pause)
                    pause = min(pause * 1.5, LONGEST_PAUSE)
        except TimeoutError:
            self._in_vain[source.family] = seconds
        return self.position(source)

    def usable(self, source: Source[Any], store: str, at_least: int) -> int | None:
        """The position at which this store may be read; None: not now, or not that far."""
        if store in self._down or not self._generations.is_known:
            return None
        target = self._pinned(source).target
        position = self._at(target, store)
        if at_least:
            return position if position >= at_least else None
        return None if self._is_rebuilding(target, store) else position

    def is_recent(self, source: Source[Any], covered: int) -> bool:
        """Whether copies that hold everything up to there are worth being shown to who asks for no position.

        Not where the documents are known to be further: who has seen them would be shown what was before.
        """
        return covered >= self._floor - GAP and covered >= self.position(source)

    def lost(self, store: str) -> None:
        """It did not answer: the others are asked until it does."""
        self._down.add(store)

    def problem(self, source: Source[Any]) -> Behind | Rebuilding:
        """Why no store of the view may be read. The lag: since it was last at the front, or was waited for in vain."""
        position, target = self.position(source), self._pinned(source).target
        if all(store in self._down or self._is_rebuilding(target, store) for store in source.stores):
            return Rebuilding(position)
        behind = self._now() - self._behind_since.get(target, self._now())
        return Behind(position, int(max(behind, self._in_vain.get(source.family, 0.0)) * 1_000))

    async def _pause(self, nudged: asyncio.Event | None, seconds: float) -> None:
        """Until it is worth looking again: a nudge, where nudges come; else a moment."""
        if nudged is None:
            await self._clock.sleep(seconds)
            return
        try:
            async with asyncio.timeout(IDLE_PAUSE):
                await nudged.wait()
        except TimeoutError:
            return

    async def _listen(self, view: str) -> None:
        while True:
            try:
                async for _ in self._nudges[view]():
                    before = self._nudged.get(view)
                    self._nudged[view] = asyncio.Event()
                    if before is not None:
                        before.set()
            except Unavailable:
                pass
            lost = self._nudged.pop(view, None)
            if lost is not None:
                lost.set()
            await self._clock.sleep(IDLE_PAUSE)

    def _asking(self, name: str) -> asyncio.Task[None]:
        """The question that is under way, or a new one."""
        task = self._asked.get(name)
        if task is None:
            task = self._asked[name] = asyncio.create_task(self._ask(name))
            task.add_done_callback(lambda _: self._asked.pop(name, None))
        return task

    async def _ask(self, name: str) -> None:
        try:
            positions = await self._stores[name].positions()
        except Unavailable:
            self._down.add(name)
            return
        self._down.discard(name)
        self._positions[name] = positions
        for target, position in positions.items():
            self._highest[target, name] = max(position, self._highest.get((target, name), 0))
        self._heard(max(positions.values(), default=0))

    def _heard(self, position: int) -> None:
        self._floor = max(self._floor, position)
        for target in {target: None for positions in self._positions.values() for target in positions}:
            best = max(self._at(target, store) for store in self._stores)
            if best >= self._floor:
                self._behind_since.pop(target, None)
            else:
                self._behind_since.setdefault(target, self._now())

    def _at(self, target: str, store: str) -> int:
        return self._positions[store].get(target, 0)

    def _is_rebuilding(self, target: str, store: str) -> bool:
        position = self._at(target, store)
        if position < self._highest.get((target, store), 0):
            return True  # it went back: dropped, or restored
        return position < self._floor - GAP or (position == 0 and self._floor > 0)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
