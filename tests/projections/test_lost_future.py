"""What becomes of positions that the log has lost, as after a restore from an older backup?"""

import asyncio

import pytest

from infra.clock import SystemClock
from infra.memory.views import MemoryViewStore
from infra.ports import Unavailable
from projections.order_tracking.view import SOURCE
from projections.running.freshness import Behind, Freshness, Rebuilding
from projections.running.log_end import LogEnd, LostFuture
from projections.running.projection import MONGO, SQL
from projections.stock_levels.projector import STOCK_LEVELS
from tests.kit.builders.ids import VARIANT_ID
from tests.kit.builders.stock import stock_opened, stock_received
from tests.projections.kit import a_bench


class Log:
    """Its head, as the test wants it. None: it does not answer."""

    def __init__(self, head: int | None) -> None:
        self.head = head
        self.asked = 0

    async def __call__(self) -> int:
        self.asked += 1
        if self.head is None:
            raise Unavailable("away")
        return self.head


async def a_view(log: Log, position: int) -> tuple[Freshness, MemoryViewStore]:
    store = MemoryViewStore()
    await store.take(SOURCE.target, 1)
    await store.commit(SOURCE.target, 1, 0, position, [])
    freshness = Freshness({MONGO: store, SQL: MemoryViewStore()}, SystemClock(), head=log)
    await freshness.refresh()
    return freshness, store


async def test_a_position_beyond_the_log_is_told_as_lost_long_before_the_wait_is_over() -> None:
    freshness, _ = await a_view(Log(5), 5)

    async with asyncio.timeout(10):
        with pytest.raises(LostFuture) as lost:
            await freshness.reach(SOURCE, 6, 60)

    assert lost.value.head == 5


async def test_a_position_that_the_log_has_is_waited_for() -> None:
    freshness, _ = await a_view(Log(6), 5)

    assert await freshness.reach(SOURCE, 6, 0.3) == 5

    problem = freshness.problem(SOURCE)
    assert isinstance(problem, Behind)
    assert problem.lag_ms == 300


async def test_a_position_that_is_there_asks_the_log_nothing() -> None:
    log = Log(5)
    freshness, _ = await a_view(log, 5)

    asked = log.asked

    assert await freshness.reach(SOURCE, 5, 1) == 5
    assert log.asked == asked


async def test_a_log_that_does_not_answer_takes_nothing_for_lost() -> None:
    freshness, _ = await a_view(Log(None), 5)

    assert await freshness.reach(SOURCE, 6, 0.2) == 5


async def test_many_who_ask_at_once_share_one_question() -> None:
    log = Log(5)
    end = LogEnd(log)

    told = await asyncio.gather(*(end.check(9, 1) for _ in range(50)), return_exceptions=True)

    assert all(isinstance(each, LostFuture) for each in told)
    assert log.asked == 1


async def test_documents_of_a_lost_future_are_not_shown_until_they_are_folded_again() -> None:
    log = Log(9)
    freshness, store = await a_view(log, 9)
    following = asyncio.create_task(freshness.run())
    assert freshness.usable(SOURCE, MONGO, 0) == 9

    log.head = 5  # restored from an older backup
    async with asyncio.timeout(10):
        while freshness.usable(SOURCE, MONGO, 0) is not None:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.01)
    with_token = freshness.usable(SOURCE, MONGO, 4)
    problem, copies = freshness.problem(SOURCE), freshness.is_recent(SOURCE, 9)
    await store.drop(SOURCE.target)
    await store.take(SOURCE.target, 2)
    await store.commit(SOURCE.target, 2, 0, 5, [])
    async with asyncio.timeout(10):
        while freshness.usable(SOURCE, MONGO, 0) != 5:  # noqa: ASYNC110 nobody tells
            await asyncio.sleep(0.01)
    following.cancel()

    assert with_token is None
    assert isinstance(problem, Rebuilding)
    assert not copies
    assert freshness.exists(5)


async def test_a_store_that_is_ahead_of_the_log_is_folded_again_from_the_beginning() -> None:
    bench = await a_bench(stock_opened(), stock_received(quantity=7))
    await bench.store.take(STOCK_LEVELS.target, 1)
    await bench.store.commit(STOCK_LEVELS.target, 1, 0, 40, [])  # of a log that was longer

    async with bench.running(STOCK_LEVELS):
        async with asyncio.timeout(10):
            while await bench.store.position(STOCK_LEVELS.target) != 2:  # noqa: ASYNC110 a store tells nobody
                await asyncio.sleep(0.01)
        found = await bench.store.load(STOCK_LEVELS.target, [str(VARIANT_ID)])

    assert found[str(VARIANT_ID)].body is not None
    assert found[str(VARIANT_ID)].position == 2
