"""How far is a view, and may it be read? Checkpoints as this process knows them, asked again while somebody waits."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from infra.ports import GenerationStore, Unavailable, ViewStore
from infra.view_names import in_generation
from projections.running.ending import end
from projections.running.generations import Reading
from projections.running.log_end import LogEnd
from projections.running.projection import Source
from write_model.kernel.clock import Clock

PAUSE = 0.005  # seconds between two looks while somebody waits
LONGEST_PAUSE = 0.02
NUDGED_PAUSE = 0.03  # the same, where most moves are told
IDLE_PAUSE = 0.25  # seconds between two looks when nobody does
FIRST_LOOK = 0.15  # seconds that a reader waits before the log is asked whether its position exists
HEAD_SECONDS = 0.5  # for that question
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
        head: Callable[[], Awaitable[int]] | None = None,
        leads: Mapping[str, str] | None = None,
    ) -> None:
        self._log = LogEnd(head)
        self._stores = stores
        self._clock = clock
        self._generations = Reading(generations)
        self._nudges = nudges or {}  # by view: where it is told that it has moved
        self._nudged: dict[str, asyncio.Event] = {}  # those that are listened to
        self._leads = leads or {}  # by view: the store that has reached what is told
        self._positions: dict[str, Mapping[str, int]] = {name: {} for name in stores}
        self._fences: dict[str, Mapping[str, int]] = {name: {} for name in stores}
        self._highest: dict[tuple[str, str], int] = {}
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._down: set[str] = set()
        self._looked = float("-inf")  # loop time
        self._floor = 0  # the highest position that a store told; what a reader says may be anything
        self._behind_since: dict[str, float] = {}  # by target, loop time
        self._in_vain: dict[str, float] = {}  # by view: seconds that the latest reader waited for nothing

    async def run(self) -> None:
        """Look again and again, until cancelled. Then no question is left that holds a connection."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for view in self._nudges:
                    tasks.create_task(self._listen(view))
                while True:
                    await self._generations.learn(self._now())
                    await self.refresh()
                    await self._clock.sleep(IDLE_PAUSE)
        finally:
            await end([*self._asked.values(), *self._log.under_way])

    async def refresh(self) -> None:
        """Ask every store once; callers at the same time share the question."""
        if not self._generations.is_known:
            await self._generations.learn(self._now())
        await self._look(list(self._stores), asyncio.ALL_COMPLETED)
        await self._look_at_log()

    async def _look(self, stores: Sequence[str], until: str) -> None:
        """Ask every store; wait for these alone, so that one which stands still keeps nobody from what others have."""
        self._looked = self._now()
        asked = {name: self._asking(name) for name in self._stores}
        await asyncio.wait([asked[name] for name in stores], return_when=until)
        self._generations.settle(self._positions, self._down, self._now())

    async def _look_at_log(self) -> None:
        """A log that went back takes what was known of later positions with it."""
        told = max((max(positions.values(), default=0) for positions in self._positions.values()), default=0)
        if await self._log.look(told):
            self._floor = min(self._floor, self._log.bound)
            self._highest = {place: min(highest, self._log.bound) for place, highest in self._highest.items()}

    def live(self, source: Source[D]) -> Source[D]:
        """In the generation that this process reads now; one that says its generation stays in it.

        Raises Rebuilding while it is not known.
        """
        if not self._generations.is_known:
            raise Rebuilding(0)
        return self._pinned(source)

    def _pinned(self, source: Source[D]) -> Source[D]:
        return source if source.generation is not None else source.at(self._generations.of(source.family))

    def fence(self, source: Source[Any], store: str) -> int:
        """Of whoever writes the view there, as last seen. One whose store went back begins again under a new one."""
        return self._fences[store].get(self._pinned(source).target, 0)

    async def still(self, source: Source[Any], store: str, position: int, fence: int) -> bool:
        """Whether the store, asked now, stands at `position` or further, under the same fence.

        Else what was read since may be older: the store may have gone back, and have been filled again meanwhile.
        """
        if store in self._asked:
            await asyncio.wait([self._asked[store]])  # that question began before what was read
        await asyncio.wait([self._asking(store)])
        if store in self._down or self.fence(source, store) != fence:
            return False
        return self._at(self._pinned(source).target, store) >= position

    def position(self, source: Source[Any]) -> int:
        """The highest position of the view over its stores, as last seen; over those that answer, where some do."""
        target = self._pinned(source).target
        answering = [store for store in source.stores if store not in self._down] or source.stores
        return max((self._at(target, store) for store in answering), default=0)

    async def reach(self, source: Source[Any], position: int, seconds: float) -> int:
        """As `wait`, for a position that a client says. Raises LostFuture, soon, when the log does not reach it."""
        first = min(seconds, FIRST_LOOK)
        reached = await self.wait(source, position, first)
        if reached >= position:
            return reached
        await self._log.check(position, HEAD_SECONDS)
        reached = await self.wait(source, position, seconds - first)
        if reached < position:
            self._in_vain[source.family] = seconds
        return reached

    async def check_exists(self, position: int) -> None:
        """Raises LostFuture when the log says that it does not reach the position."""
        await self._log.check(position, HEAD_SECONDS)

    def exists(self, position: int) -> bool:
        """Whether something as of this position may be shown: not of a future that the log has lost."""
        return position <= self._log.bound

    async def wait(self, source: Source[Any], position: int, seconds: float) -> int:
        """Until some store of the view has reached `position`, at most so long; the position reached."""
        if (reached := self.position(source)) >= position:
            return reached
        pause = PAUSE
        try:
            async with asyncio.timeout(seconds):
                while True:
                    nudged = self._nudged_of(source)  # before the look: what comes after it is heard
                    if self.position(source) >= position:  # told
                        self._in_vain.pop(source.family, None)
                        break
                    if self._now() - self._looked >= PAUSE / 2:  # else another has just asked
                        await self._look(source.stores, asyncio.FIRST_COMPLETED)
                    if self.position(source) >= position:
                        self._in_vain.pop(source.family, None)
                        break
                    tells_all = source.family not in self._leads  # else it also moves past events without documents
                    await self._pause(nudged, IDLE_PAUSE if nudged is not None and tells_all else pause)
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
        return self.exists(covered) and covered >= max(self._floor - GAP, self.position(source))

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
            async with asyncio.timeout(max(seconds, NUDGED_PAUSE)):
                await nudged.wait()
        except TimeoutError:
            return

    async def _listen(self, view: str) -> None:
        while True:
            try:
                async for position in self._nudges[view]():
                    self._told(view, position)
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

    def _nudged_of(self, source: Source[Any]) -> asyncio.Event | None:
        """None: nobody tells when the stores move that this is read from."""
        lead = self._leads.get(source.family)
        return None if lead is not None and lead not in source.stores else self._nudged.get(source.family)

    def _told(self, view: str, position: int) -> None:
        """A projector has just written that far. Whoever reads asks the store behind it all the same, as ever."""
        store = self._leads.get(view)
        if store is not None:
            target = in_generation(view, self._generations.of(view))
            reached = max(position, self._positions[store].get(target, 0))
            self._positions[store] = {**self._positions[store], target: reached}

    def _asking(self, name: str) -> asyncio.Task[None]:
        """The question that is under way, or a new one."""
        task = self._asked.get(name)
        if task is None:
            task = self._asked[name] = asyncio.create_task(self._ask(name))
            task.add_done_callback(lambda _: self._asked.pop(name, None))
        return task

    async def _ask(self, name: str) -> None:
        try:
            checkpoints = await self._stores[name].checkpoints()
        except Unavailable:
            self._down.add(name)
            return
        self._down.discard(name)
        positions = self._positions[name] = {target: each.position for target, each in checkpoints.items()}
        self._fences[name] = {target: each.fence for target, each in checkpoints.items()}
        there = {target: position for target, position in positions.items() if self.exists(position)}
        for target, position in there.items():
            self._highest[target, name] = max(position, self._highest.get((target, name), 0))
        self._heard(max(there.values(), default=0))
        for target, store in self._highest:
            if store == name and self._at(target, name) < self._highest[target, name]:
                # It went back. Others have gone on meanwhile, and readers with them: it has to come as far as they.
                self._highest[target, name] = max(self._floor, self._highest[target, name])

    def _heard(self, position: int) -> None:
        self._floor = max(self._floor, position)
        for target in {target: None for positions in self._positions.values() for target in positions}:
            best = max(self._at(target, store) for store in self._stores)
            if best >= self._floor:
                self._behind_since.pop(target, None)
            else:
                self._behind_since.setdefault(target, self._now())

    def _at(self, target: str, store: str) -> int:
        position = self._positions[store].get(target, 0)
        return position if self.exists(position) else 0

    def _is_rebuilding(self, target: str, store: str) -> bool:
        position = self._at(target, store)
        if position < self._highest.get((target, store), 0):
            return True  # it went back: dropped, or restored
        return position < self._floor - GAP or (position == 0 and self._floor > 0)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
