"""What the Redis copies of documents promise: current up to what they say, or void."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from projections.cart_contents.projector import CART_CONTENTS
from projections.order_tracking.projector import ORDER_TRACKING
from projections.public_changes.projector import PUBLIC_CHANGES
from projections.running.projection import Projection
from projections.stock_levels.projector import STOCK_LEVELS
from tests.kit.builders import order
from tests.kit.builders.ids import CUSTOMER_ID, ORDER_ID, VARIANT_ID
from tests.kit.builders.stock import stock_of
from tests.kit.builders.story import a_story
from tests.projections.kit import SOON, Bench, a_bench

ORDER = str(ORDER_ID)


async def copy_of(bench: Bench, projection: Projection[Any], name: str) -> Any:
    [cached] = await bench.copies.get(projection.target, [name])
    return cached


async def is_covered(bench: Bench, projection: Projection[Any], position: int) -> None:
    async with asyncio.timeout(SOON):
        while (await copy_of(bench, projection, "-")).covered < position:  # noqa: ASYNC110 a store tells nobody
            await asyncio.sleep(0.005)


async def test_copies_follow_their_documents_and_an_ordered_cart_has_none() -> None:
    bench = await a_bench()
    story = a_story()
    async with bench.running(CART_CONTENTS, ORDER_TRACKING):
        for event in story[:-1]:
            await bench.log.append(event)
        head = await bench.log.append(story[-1])
        await is_covered(bench, CART_CONTENTS, head)
        await is_covered(bench, ORDER_TRACKING, head)
        assert (await copy_of(bench, CART_CONTENTS, f"cart:{CUSTOMER_ID}")).copy is None
        assert (await copy_of(bench, ORDER_TRACKING, f"order:{ORDER}")).copy.body is not None


async def test_after_a_flush_a_new_epoch_begins_and_old_copies_stay_void() -> None:
    bench = await a_bench()
    async with bench.running(STOCK_LEVELS):
        for event in stock_of(10):
            head = await bench.log.append(event)
        await is_covered(bench, STOCK_LEVELS, head)
        before = await copy_of(bench, STOCK_LEVELS, f"stock:{VARIANT_ID}")
        saved = dict(bench.copies._copies)
        bench.copies.flush()
        bench.copies._copies.update(saved)  # an old dump comes back
        head = await bench.log.append(order.PLACED)
        await is_covered(bench, STOCK_LEVELS, head)
        after = await copy_of(bench, STOCK_LEVELS, f"stock:{VARIANT_ID}")
        assert before.copy is not None
        assert after.epoch != before.epoch
        assert after.copy is None


async def test_a_dump_that_comes_back_under_the_same_epoch_is_void_too() -> None:
    bench = await a_bench()
    async with bench.running(STOCK_LEVELS):
        opened, received = stock_of(10)
        await is_covered(bench, STOCK_LEVELS, await bench.log.append(opened))
        state, copies = replace_state(bench), dict(bench.copies._copies)
        await is_covered(bench, STOCK_LEVELS, await bench.log.append(received))
        bench.copies._views[STOCK_LEVELS.target] = state
        bench.copies._copies = copies
        await is_covered(bench, STOCK_LEVELS, await bench.log.append(order.PLACED))
        after = await copy_of(bench, STOCK_LEVELS, f"stock:{VARIANT_ID}")
        assert after.copy is None
        assert after.epoch != state.epoch


def replace_state(bench: Bench) -> Any:
    return replace(bench.copies._views[STOCK_LEVELS.target])


async def test_public_changes_are_nudged_after_they_can_be_read() -> None:
    bench = await a_bench()
    async with bench.running(PUBLIC_CHANGES):
        assert PUBLIC_CHANGES.nudge is not None
        nudges = bench.copies.nudges(PUBLIC_CHANGES.nudge)
        heard = asyncio.ensure_future(anext(aiter(nudges)))
        await asyncio.sleep(0.01)
        head = await bench.log.append(order.PLACED)
        async with asyncio.timeout(SOON):
            assert await heard == head
        assert await bench.store.position(PUBLIC_CHANGES.target) == head


async def test_a_redis_that_goes_back_while_nothing_happens_is_noticed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("projections.running.copies.CHECK_SECONDS", 0.02)
    bench = await a_bench()
    async with bench.running(STOCK_LEVELS):
        opened, received = stock_of(10)
        await is_covered(bench, STOCK_LEVELS, await bench.log.append(opened))
        state, copies = replace_state(bench), dict(bench.copies._copies)
        head = await bench.log.append(received)
        await is_covered(bench, STOCK_LEVELS, head)
        bench.copies._views[STOCK_LEVELS.target] = state
        bench.copies._copies = copies
        await is_covered(bench, STOCK_LEVELS, head)
        assert (await copy_of(bench, STOCK_LEVELS, f"stock:{VARIANT_ID}")).copy is None
        bench.copies.flush()
        await is_covered(bench, STOCK_LEVELS, head)
