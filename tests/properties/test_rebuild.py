"""Whatever happens in whatever order, batches and kills: the live view equals a refold of the log."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.memory.views import MemoryViewStore
from projections.main import ALL
from projections.running.comparing import compare
from projections.running.projection import MONGO, Projection
from projections.running.rebuild import Rebuild
from tests.kit.builders import order, payment
from tests.kit.builders.ids import an_id
from tests.kit.builders.stock import stock_opened, stock_received, stock_reserved
from tests.kit.builders.story import a_notification, a_review, a_story
from tests.kit.examples import examples
from tests.kit.given_view import a_log
from tests.projections.kit import Bench, FaultyStore, Killed
from write_model.kernel.message import Event

PARTS: tuple[Event, ...] = (
    *a_story(),
    order.DECLINED,
    order.ACTION,
    order.UNKNOWN,
    order.CANCELLED_DECLINED,
    order.EXPIRED,
    order.adopted("shipped"),
    payment.DECLINED,
    payment.VOID_REQUESTED,
    payment.VOIDED,
    payment.refund_requested(500),
    payment.refunded(500),
    stock_opened(variant_id=an_id("variant", 2)),
    stock_received(quantity=3, variant_id=an_id("variant", 2)),
    stock_reserved(variant_id=an_id("variant", 2)),
    a_notification(2, channel="email"),
    a_review(2, score=1),
)
HISTORIES = st.lists(st.sampled_from(PARTS), min_size=1, max_size=40)


async def differences(projection: Projection[Any], bench: Bench) -> list[object]:
    found = await compare(projection, {MONGO: bench.store}, None, bench.feed)
    return list(found[MONGO].first)


@given(history=HISTORIES, cuts=st.lists(st.integers(0, 40), max_size=3))
@settings(max_examples=examples(40), deadline=None)
@pytest.mark.parametrize("projection", ALL, ids=lambda each: each.name)
def test_a_view_folded_in_pieces_with_kills_equals_a_refold(
    projection: Projection[Any], history: list[Event], cuts: list[int]
) -> None:
    async def fold_in_pieces() -> list[object]:
        store = FaultyStore()
        bench = Bench(a_log(), store)
        for number, event in enumerate(history):
            await bench.log.append(event)
            if number in cuts:
                killed = number % 2 == 1
                store.dies_before_checkpoint = killed
                with suppress(Killed):
                    await Rebuild(projection, store, bench.feed, fence=1).run()
                store.dies_before_checkpoint = False
        await Rebuild(projection, store, bench.feed, fence=2).run()
        return await differences(projection, bench)

    assert asyncio.run(fold_in_pieces()) == []


def test_an_empty_store_differs_from_a_log_that_has_something_to_say() -> None:
    async def compared() -> list[object]:
        bench = Bench(a_log(), MemoryViewStore())
        for event in a_story():
            await bench.log.append(event)
        await bench.store.take(ALL[0].target, 1)
        await bench.store.commit(ALL[0].target, 1, 0, len(a_story()), [])
        return await differences(ALL[0], bench)

    assert len(asyncio.run(compared())) == 1
