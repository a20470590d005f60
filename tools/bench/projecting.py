"""How fast does a projection follow the log? The keys `project_*`: beside the same writes with nothing to fold.

The order documents, by the platform's own runner: read, decoded, folded and written with their checkpoint. Every
write is kept and repeated on an empty store; that is the limit.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.clock import SystemClock
from infra.collector import settle
from infra.ports import Copy, Doc, ViewStore
from infra.settings import Settings
from projections.main import NAMES, Opened, build
from projections.order_tracking.projector import ORDER_TRACKING
from projections.running.copies import Copier
from projections.running.feed import Feed
from projections.running.lag import Health
from projections.running.moves import Moves
from projections.running.projection import MONGO, SQL
from projections.running.runner import LIMIT, Runner, Surroundings
from tools.bench.figures import Figure, Limit
from tools.bench.plan import Plan

_LOOK = 0.005  # seconds
_TARGET = ORDER_TRACKING.target
_WORKER = "bench"
_AT_ONCE = 500  # copies


@dataclass(frozen=True, slots=True)
class Kept:
    """One commit as it was asked for."""

    position: int
    docs: Sequence[Doc]


@dataclass(slots=True)
class Keeping:
    """A store that also keeps what is committed to it."""

    store: ViewStore
    commits: list[Kept] = field(default_factory=list)

    async def commit(self, target: str, fence: int, after: int, position: int, docs: Sequence[Doc]) -> None:
        await self.store.commit(target, fence, after, position, docs)
        self.commits.append(Kept(position, docs))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


async def measure(settings: Settings, plan: Plan) -> Sequence[Figure]:
    """Over a log that nobody writes to; its views are emptied."""
    figures: list[Figure] = []
    async with build(settings) as opened:
        events = await count(opened)
        settle()  # as the projections' process does
        for name in (MONGO, SQL):
            rates, limits, commits = list[float](), list[float](), list[Kept]()
            for _ in range(plan.runs):
                took, commits = await _projected(opened, name)
                rates.append(events / took)
                limits.append(events / await _repeated(opened, name, commits))
            beside = {"events": float(events), "documents": float(sum(len(each.docs) for each in commits))}
            figures.append(Figure(f"project_{name}", "/s", rates, Limit(limits), 0.50, beside))
        figures.append(await _copied(opened, commits, plan))
    return figures


async def count(opened: Opened) -> int:
    """Events of the log that the projection folds."""
    count, position = 0, 0
    feed = Feed(opened.reader, opened.decode, NAMES, SystemClock())
    while (batch := await feed.far(position, ORDER_TRACKING.types, 5000)).reached > position:
        count, position = count + len(batch.envelopes), batch.reached
    return count


async def _projected(opened: Opened, name: str) -> tuple[float, list[Kept]]:
    """Seconds from the first event to the last, and the commits."""
    store: Any = Keeping(opened.stores[name])
    await store.drop(_TARGET)
    return await followed(opened, store, name), store.commits


async def followed(opened: Opened, store: ViewStore, name: str) -> float:
    """Seconds from the first event that the store does not hold to the last."""
    clock, head = SystemClock(), await opened.reader.head()
    feed, health, moves = Feed(opened.reader, opened.decode, NAMES, clock), Health(), Moves(store, clock)
    around = Surroundings(feed, opened.leases, clock, health, _WORKER)
    runner = Runner(ORDER_TRACKING, name, store, around, moves)
    begun = time.perf_counter()
    running = [asyncio.create_task(part.run()) for part in (feed, moves, runner)]
    try:
        while health.report(head)[f"{_TARGET}@{name}"]["eventsBehind"]:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(_LOOK)
        return time.perf_counter() - begun
    finally:
        await _ended(running)


async def _ended(running: Sequence[asyncio.Task[None]]) -> None:
    while left := [task for task in running if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=0.2)


async def _repeated(opened: Opened, name: str, commits: Sequence[Kept]) -> float:
    """Seconds of the same commits on an empty store."""
    store = opened.stores[name]
    await store.drop(_TARGET)
    fence = await opened.leases.take("bench", _WORKER, 600.0)
    assert fence is not None
    await store.take(_TARGET, fence + 1_000_000)
    begun, after = time.perf_counter(), 0
    for kept in commits:
        await store.commit(_TARGET, fence + 1_000_000, after, kept.position, kept.docs)
        after = kept.position
    took = time.perf_counter() - begun
    await store.drop(_TARGET)
    return took


async def _copied(opened: Opened, commits: Sequence[Kept], plan: Plan) -> Figure:
    """`project_redis`: documents, as a runner holds them, to keys by the Lua script, beside the copies' bare calls."""
    make = ORDER_TRACKING.copies
    assert make is not None
    folded = [
        (kept.position, [(ORDER_TRACKING.document(doc), doc.key, doc.position) for doc in kept.docs])
        for kept in commits
    ]

    def copies(documents: Sequence[Any]) -> list[Copy]:
        return [copy for each in documents for copy in make(*each)]

    ready = [(position, copies(documents)) for position, documents in folded]
    count = sum(len(made) for _, made in ready)

    async def through_copier() -> None:
        copier = Copier("bench", opened.copies, SystemClock())
        running = asyncio.create_task(copier.run())
        try:
            copier.forget(0)
            for position, documents in folded:
                copier.put(copies(documents), position)
                await _reached(opened, position)
        finally:
            await _ended([running])

    async def bare() -> None:
        epoch = await opened.copies.begin("bench", 0)
        for position, made in ready:
            for start in range(0, len(made), _AT_ONCE):
                await opened.copies.put_newer("bench", epoch, made[start : start + _AT_ONCE], position)
            await _reached(opened, position)

    rates, limits = list[float](), list[float]()
    for _ in range(plan.runs):
        rates.append(count / await _seconds(through_copier))
        limits.append(count / await _seconds(bare))
    return Figure("project_redis", "/s", rates, Limit(limits), 0.50, {"copies": float(count), "batch": float(LIMIT)})


async def _reached(opened: Opened, position: int) -> None:
    """Until the copies are there. Both sides ask, so that the asking costs them the same."""
    while (await opened.copies.get("bench", ["-"]))[0].covered < position:  # noqa: ASYNC110 nobody tells
        await asyncio.sleep(0)


async def _seconds(do: Callable[[], Awaitable[None]]) -> float:
    begun = time.perf_counter()
    await do()
    return time.perf_counter() - begun
