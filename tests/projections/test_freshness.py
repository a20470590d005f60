"""May a reader trust what the process believes about its views?"""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from infra.clock import SystemClock
from infra.memory.generations import MemoryGenerations
from infra.memory.views import MemoryViewStore
from infra.ports import Checkpoint, Generations, Unavailable
from projections.order_tracking.view import SOURCE
from projections.product_page import view as product_page
from projections.running.ending import end
from projections.running.freshness import Behind, Freshness, Rebuilding
from projections.running.generations import LOOK_SECONDS, PATIENCE
from projections.running.projection import MONGO, SQL

FAR = 10**9


async def fresh(position: int) -> Freshness:
    stores = {MONGO: MemoryViewStore(), SQL: MemoryViewStore()}
    for store in stores.values():
        await store.take(SOURCE.target, 1)
        await store.commit(SOURCE.target, 1, 0, position, [])
    freshness = Freshness(stores, SystemClock())
    await freshness.refresh()
    return freshness


async def test_a_position_that_only_a_reader_has_heard_of_changes_nothing_for_others() -> None:
    freshness = await fresh(5)

    assert await freshness.wait(SOURCE, FAR, 0.02) == 5

    problem = freshness.problem(SOURCE)
    assert isinstance(problem, Behind)
    assert (problem.position, problem.lag_ms) == (5, 20)
    assert freshness.usable(SOURCE, MONGO, 0) == 5
    assert freshness.is_recent(SOURCE, 5)


async def test_a_position_that_is_there_is_not_waited_for() -> None:
    freshness = await fresh(5)

    assert await freshness.wait(SOURCE, 5, 60) == 5
    assert freshness.usable(SOURCE, SQL, 5) == 5
    assert freshness.usable(SOURCE, SQL, 6) is None


async def test_a_store_that_does_not_answer_does_not_say_that_the_view_is_there() -> None:
    freshness = await fresh(5)
    mongo = freshness._stores[MONGO]
    await mongo.commit(SOURCE.target, 1, 5, 9, [])
    await freshness.refresh()
    assert freshness.position(SOURCE) == 9

    freshness.lost(MONGO)

    assert freshness.position(SOURCE) == 5
    assert freshness.usable(SOURCE, MONGO, 9) is None


async def test_a_store_that_was_dropped_is_not_shown_before_it_is_as_far_as_the_one_that_went_on() -> None:
    freshness = await fresh(5)
    mongo, sql = freshness._stores[MONGO], freshness._stores[SQL]
    await mongo.drop(SOURCE.target)
    await at(sql, SOURCE.target, 40)  # type: ignore[arg-type]
    await freshness.refresh()
    await freshness.refresh()  # whichever store answered first

    await at(mongo, SOURCE.target, 20)  # type: ignore[arg-type]  # past what it had
    await freshness.refresh()
    assert (freshness.usable(SOURCE, MONGO, 0), freshness.usable(SOURCE, SQL, 0)) == (None, 40)

    await at(mongo, SOURCE.target, 40)  # type: ignore[arg-type]
    await freshness.refresh()
    assert freshness.usable(SOURCE, MONGO, 0) == 40


async def test_a_list_waits_for_the_store_that_it_is_asked_of() -> None:
    stores = {MONGO: MemoryViewStore(), SQL: MemoryViewStore()}
    for store, position in ((MONGO, 9), (SQL, 5)):
        await stores[store].take(product_page.SOURCE.target, 1)
        await stores[store].commit(product_page.SOURCE.target, 1, 0, position, [])
    freshness = Freshness(stores, SystemClock())
    await freshness.refresh()

    assert await freshness.wait(product_page.SOURCE, 9, 0.02) == 9
    assert await freshness.wait(product_page.LIST, 9, 0.02) == 5


async def test_a_new_generation_is_read_as_soon_as_it_is_as_far_as_the_one_before() -> None:
    store, generations = MemoryViewStore(), MemoryGenerations()
    await at(store, SOURCE.target, 9)
    freshness = Freshness({MONGO: store, SQL: MemoryViewStore()}, SystemClock(), generations=generations)
    await freshness.refresh()
    assert freshness.live(SOURCE).target == SOURCE.target
    await at(store, SOURCE.at(1).target, 7)
    await generations.put(SOURCE.family, Generations(live=1, previous=0, newest=1))
    following = asyncio.create_task(freshness.run())
    try:
        await asyncio.sleep(LOOK_SECONDS * 1.5)  # the record was looked at
        assert (freshness.live(SOURCE).generation, freshness.position(SOURCE)) == (0, 9)
        await at(store, SOURCE.at(1).target, 9)
        async with asyncio.timeout(PATIENCE / 2):
            while freshness.live(SOURCE).generation == 0:  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.01)
    finally:
        await end([following])
    assert (freshness.live(SOURCE).target, freshness.position(SOURCE)) == (f"{SOURCE.family}_g1", 9)
    assert freshness.live(SOURCE.at(0)).target == SOURCE.target  # who began to read there stays there


async def test_nothing_is_read_before_it_is_known_which_generation_is_live() -> None:
    class Away(MemoryGenerations):
        async def read(self) -> Mapping[str, Generations]:
            raise Unavailable

    store = MemoryViewStore()
    await at(store, SOURCE.target, 9)
    freshness = Freshness({MONGO: store, SQL: store}, SystemClock(), generations=Away())
    await freshness.refresh()

    assert freshness.usable(SOURCE, MONGO, 0) is None
    with pytest.raises(Rebuilding):
        freshness.live(SOURCE)


async def test_copies_that_are_older_than_the_documents_are_not_shown_to_who_asks_for_no_position() -> None:
    freshness = await fresh(5)

    assert not freshness.is_recent(SOURCE, 4)
    assert freshness.is_recent(SOURCE, 6)


async def at(store: MemoryViewStore, target: str, position: int) -> None:
    after = await store.take(target, 1)
    await store.commit(target, 1, after, position, [])


class Counting(MemoryViewStore):
    """Counts how often it is asked for its positions."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def checkpoints(self) -> Mapping[str, Checkpoint]:
        self.asked += 1
        return await super().checkpoints()


async def test_what_a_projector_tells_is_gone_by_at_once_and_still_checked_after_the_reading() -> None:
    store, said = Counting(), asyncio.Queue[int]()

    async def told() -> AsyncIterator[int]:
        while True:
            yield await said.get()

    stores, nudges = {MONGO: store, SQL: MemoryViewStore()}, {SOURCE.family: told}
    freshness = Freshness(stores, SystemClock(), nudges, leads={SOURCE.family: MONGO})
    await freshness.refresh()
    listening = asyncio.create_task(freshness._listen(SOURCE.family))
    try:
        said.put_nowait(7)
        while freshness.position(SOURCE) < 7:  # noqa: ASYNC110 the listener takes a turn or two of the loop
            await asyncio.sleep(0)
        asked = store.asked
        assert (await freshness.wait(SOURCE, 7, 5.0), store.asked) == (7, asked)
        assert not await freshness.still(SOURCE, MONGO, 7, 0)
    finally:
        await end([listening])
