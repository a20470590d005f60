"""Does a new generation come into the place of the live one, whoever is killed on the way?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from infra.memory.clock import VirtualClock
from infra.memory.generations import MemoryGenerations
from infra.memory.key_values import MemoryKeyValues
from infra.memory.views import MemoryViewStore
from infra.memory.work import MemoryLeases
from infra.ports import Generations
from projections.main import Opened, parts_of
from projections.order_tracking.projector import ORDER_TRACKING
from projections.public_changes.projector import PUBLIC_CHANGES
from projections.running.beside import Around, Beside, RebuildRuns, hold
from projections.running.comparing import compare
from projections.running.ending import end
from projections.running.feed import Feed
from projections.running.following import Following
from projections.running.generations import NoPrevious
from projections.running.lag import Health
from projections.running.projection import MONGO, SQL, AnyProjection
from projections.running.rebuild import Rebuild
from tests.kit.builders import order
from tests.kit.builders.ids import ORDER_ID
from tests.kit.builders.story import a_story
from tests.kit.given_view import NAMES, ALog, a_log
from tests.projections.kit import Killed

VIEW, KEY = ORDER_TRACKING.source.family, str(ORDER_ID)


class Running(VirtualClock):
    """Time passes as fast as somebody waits for it."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.advance(seconds)


class Dying:
    """Hands everything on, until so many calls were made; then the caller is dead, before or after the last one."""

    def __init__(self, behind: Any, life: list[int], after: bool) -> None:
        self._behind, self._life, self._after = behind, life, after

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            self._life[0] -= 1
            if self._life[0] < 0 or (self._life[0] == 0 and not self._after):
                raise Killed
            found = await getattr(self._behind, name)(*arguments, **named)
            if self._life[0] == 0:
                raise Killed
            return found

        return call


class World:
    """A log with a story, and a view that holds it, in its first generation."""

    def __init__(self, log: ALog) -> None:
        self.log, self.clock = log, Running()
        self.stores = {MONGO: MemoryViewStore(), SQL: MemoryViewStore(by_columns=True)}
        self.generations, self.leases = MemoryGenerations(), MemoryLeases(self.clock)
        self.feed = Feed(log.reader, log.decode, NAMES, self.clock)

    def around(self, worker: str = "one", life: list[int] | None = None, after: bool = False) -> Around:
        stores: Any = self.stores
        generations: Any = self.generations
        if life is not None:
            stores = {name: Dying(store, life, after) for name, store in self.stores.items()}
            generations = Dying(self.generations, life, after)
        return Around(stores, generations, self.leases, self.log.reader, self.feed, self.clock, worker)

    @asynccontextmanager
    async def held(
        self, projection: AnyProjection = ORDER_TRACKING, around: Around | None = None
    ) -> AsyncIterator[Beside]:
        async with hold(projection, around or self.around(), lambda *_: None) as beside:
            yield beside

    async def fill(self, projection: AnyProjection) -> None:
        for name in projection.source.stores:
            await Rebuild(projection, self.stores[name], self.feed, fence=1).run()

    async def now(self, view: str = VIEW) -> Generations:
        return (await self.generations.read())[view]

    async def differing(self, projection: AnyProjection, generation: int) -> list[object]:
        stores = {name: self.stores[name] for name in projection.source.stores}
        found = await compare(projection.at(generation), stores, None, self.feed)
        return [each for store in found.values() for each in store.first]


async def a_world(projection: AnyProjection = ORDER_TRACKING) -> World:
    log = a_log()
    for event in a_story():
        await log.append(event)
    world = World(log)
    await world.fill(projection)
    return world


@pytest.mark.parametrize("projection", [ORDER_TRACKING, PUBLIC_CHANGES], ids=lambda each: each.name)
async def test_a_rebuilt_generation_equals_the_live_one_and_takes_its_place(projection: AnyProjection) -> None:
    world = await a_world(projection)
    async with world.held(projection) as beside:
        await beside.build()
        compared = await beside.compare()
        await beside.switch()

    assert list(compared) == list(projection.source.stores)
    assert all(each.documents and not each.differing for each in compared.values())
    now = await world.now(projection.source.family)
    assert (now.live, now.previous, now.building) == (1, 0, None)
    assert await world.differing(projection, 1) == []


async def test_it_is_switched_back_and_again_and_the_other_one_is_dropped() -> None:
    world = await a_world()
    async with world.held() as beside:
        await beside.build()
        await beside.switch()
    await world.log.append(order.CAPTURED)

    async with world.held() as beside:
        await beside.back()
    assert ((await world.now()).live, (await world.now()).previous) == (0, 1)
    assert await world.differing(ORDER_TRACKING, 0) == []  # it had been left behind, and was brought up first

    async with world.held() as beside:
        assert await beside.drop() == (1,)
    now = await world.now()
    assert (now.live, now.previous, now.retired) == (0, None, ())
    for store in world.stores.values():
        assert await store.position(f"{VIEW}_g1") == 0
        assert await store.keys(f"{VIEW}_g1", "", 10) == []
    with pytest.raises(NoPrevious):
        async with world.held() as beside:
            await beside.back()


async def test_what_the_live_one_holds_otherwise_is_named_and_the_log_is_right() -> None:
    world = await a_world()
    await tamper(world.stores[MONGO])
    async with world.held() as beside:
        await beside.build()
        compared = await beside.compare()
        assert (await world.now()).live == 0
        await beside.switch()

    assert [(each.key, each.what) for each in compared[MONGO].first] == [(KEY, "status")]
    assert compared[SQL].differing == 0
    assert await world.differing(ORDER_TRACKING, 1) == []


async def test_a_second_rebuild_of_the_same_view_is_refused_and_another_view_is_free() -> None:
    world = await a_world()
    async with world.held() as beside:
        with pytest.raises(RebuildRuns):
            async with world.held(around=world.around("two")):
                pass
        async with world.held(PUBLIC_CHANGES, world.around("two")) as other:
            await other.build()
        await beside.build()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_whoever_is_killed_at_any_call_is_gone_on_for_by_the_same_command(after: bool) -> None:
    calls = 0
    while True:
        calls += 1
        world = await a_world()
        try:
            await rebuilt(world, world.around("dies", [calls], after))
        except Killed:
            await rebuilt(world, world.around("comes"))
        else:
            break
        now = await world.now()
        assert (now.building, now.retired) == (None, ()), calls
        assert await world.differing(ORDER_TRACKING, now.live) == [], calls
        left = {target for store in world.stores.values() for target in await store.checkpoints()}
        assert left == {f"{VIEW}_g{number}" if number else VIEW for number in (now.live, now.previous)}, calls
    assert calls > 20


async def rebuilt(world: World, around: Around) -> None:
    """Two in a row: the second drops what the first has kept."""
    for _ in range(2):
        async with world.held(around=around) as beside:
            await beside.build()
            await beside.compare()
            await beside.switch()


async def test_runners_follow_the_record_without_a_restart() -> None:
    world = await a_world()
    copies = MemoryKeyValues()
    shared: Any = (copies, world.log.reader, world.log.keys, world.log.decode, world.leases, world.generations)
    opened = Opened(world.stores, *shared)
    moves, parts = parts_of(opened, Health(), world.feed, world.clock, "runners")
    following = Following(world.generations, [ORDER_TRACKING], parts, world.clock)
    tasks = [asyncio.create_task(part.run()) for part in (world.feed, *moves, following)]
    try:
        async with world.held(around=world.around("rebuild")) as beside:
            await beside.build()
            await beside.switch()
        head = await world.log.append(order.CAPTURED)
        targets = [ORDER_TRACKING.at(generation).target for generation in (0, 1)]
        for target in targets:
            for store in world.stores.values():
                await reaches(lambda store=store, target=target: store.position(target), head)  # type: ignore[misc]
        await reaches(lambda: covered(copies, f"{VIEW}_g1"), head)
    finally:
        await end(tasks)
    assert await world.differing(ORDER_TRACKING, 0) == []
    assert await world.differing(ORDER_TRACKING, 1) == []


async def reaches(look: Callable[[], Awaitable[int]], position: int) -> None:
    async with asyncio.timeout(20):
        while await look() < position:  # noqa: ASYNC110 a store tells nobody
            await asyncio.sleep(0.005)


async def covered(copies: MemoryKeyValues, target: str) -> int:
    return (await copies.get(target, ["-"]))[0].covered


async def tamper(store: MemoryViewStore) -> None:
    doc = (await store.load(VIEW, [KEY]))[KEY]
    store._targets[VIEW].docs[KEY] = replace(doc, body={**(doc.body or {}), "status": "SHIPPED"})
