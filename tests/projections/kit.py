"""A projection at work on memory stores, with faults that a test may plant."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from infra.clock import SystemClock
from infra.memory.key_values import MemoryKeyValues
from infra.memory.views import MemoryViewStore
from infra.memory.work import MemoryLeases
from infra.ports import Doc, Unavailable, ViewStore
from projections.running.copies import Copier, Nudger
from projections.running.feed import Feed
from projections.running.lag import Health
from projections.running.moves import Moves
from projections.running.projection import MONGO, AnyProjection
from projections.running.runner import Runner, Surroundings
from tests.kit.given_view import NAMES, ALog, a_log
from write_model.kernel.message import Event

SOON = 5.0  # seconds


class Killed(BaseException):
    """The process is gone: nothing after this happens in it."""


class FaultyStore(MemoryViewStore):
    """Dies or fails at the places that the test names."""

    def __init__(self) -> None:
        super().__init__()
        self.dies_before_checkpoint = False
        self.away = False
        self.commits = 0

    async def commit(self, target: str, fence: int, after: int, position: int, docs: Sequence[Doc]) -> None:
        if self.away:
            raise Unavailable("away")
        if self.dies_before_checkpoint:
            await self.write(target, docs)
            raise Killed
        self.commits += 1
        await super().commit(target, fence, after, position, docs)

    async def advance(self, moves: Mapping[str, tuple[int, int, int]]) -> None:
        if self.away:
            raise Unavailable("away")
        await super().advance(moves)

    async def position(self, target: str) -> int:
        if self.away:
            raise Unavailable("away")
        return await super().position(target)


@dataclass
class Bench:
    """What runners share in a test."""

    log: ALog
    store: ViewStore = field(default_factory=FaultyStore)
    copies: MemoryKeyValues = field(default_factory=MemoryKeyValues)
    leases: MemoryLeases = field(default_factory=lambda: MemoryLeases(SystemClock()))

    def __post_init__(self) -> None:
        self.clock = SystemClock()
        self.feed = Feed(self.log.reader, self.log.decode, NAMES, self.clock)
        self.health = Health()

    @asynccontextmanager
    async def running(self, *projections: AnyProjection, worker: str = "one") -> AsyncIterator["Bench"]:
        """Side by side, until the block ends. A planted Killed ends only the runner that it hits."""
        moves = Moves(self.store, self.clock)
        around = Surroundings(self.feed, self.leases, self.clock, self.health, worker)
        parts: list[Feed | Moves | Runner | Copier | Nudger] = [self.feed, moves]
        for projection in projections:
            copier = Copier(projection.target, self.copies, self.clock) if projection.copies else None
            nudger = Nudger(projection.nudge, self.copies, self.clock) if projection.nudge else None
            parts.append(Runner(projection, MONGO, self.store, around, moves, copier, nudger))
            parts += [part for part in (copier, nudger) if part is not None]
        tasks = [asyncio.create_task(_until_killed(part)) for part in parts]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def reached(self, projection: AnyProjection, position: int) -> None:
        """Until the checkpoint stands there."""
        async with asyncio.timeout(SOON):
            while await self.store.position(projection.target) < position:  # noqa: ASYNC110 a store tells nobody
                await asyncio.sleep(0.005)


async def a_bench(*events: Event) -> Bench:
    """A log with these events, each appended by itself."""
    log = a_log()
    for event in events:
        await log.append(event)
    return Bench(log)


async def _until_killed(part: Feed | Moves | Runner | Copier | Nudger) -> None:
    try:
        await part.run()
    except Killed:
        return
