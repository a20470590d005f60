"""May a reader trust what the process believes about its views?"""

from infra.clock import SystemClock
from infra.memory.views import MemoryViewStore
from projections.order_tracking.view import SOURCE
from projections.product_page import view as product_page
from projections.running.freshness import Behind, Freshness
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


async def test_a_list_waits_for_the_store_that_it_is_asked_of() -> None:
    stores = {MONGO: MemoryViewStore(), SQL: MemoryViewStore()}
    for store, position in ((MONGO, 9), (SQL, 5)):
        await stores[store].take(product_page.SOURCE.target, 1)
        await stores[store].commit(product_page.SOURCE.target, 1, 0, position, [])
    freshness = Freshness(stores, SystemClock())
    await freshness.refresh()

    assert await freshness.wait(product_page.SOURCE, 9, 0.02) == 9
    assert await freshness.wait(product_page.LIST, 9, 0.02) == 5
