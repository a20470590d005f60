from collections.abc import Mapping, Sequence

from tests.kit.builders.envelopes import envelopes
from tests.kit.builders.ids import ORDER_ID, PRODUCT_ID, VARIANT_ID
from tests.kit.builders.stock import stock_of, stock_opened, stock_reserved
from tests.kit.given import given
from write_model.kernel.change import PUBLIC, Change
from write_model.stock.decider import STOCK
from write_model.stock.events import ReservationAllocated, StockEvent, StockRanLow
from write_model.stock.public import answer, publish


def changes(facts: Sequence[StockEvent]) -> list[Change | None]:
    seen: Mapping[str, object] | None = None
    told = []
    for envelope in envelopes("stock", VARIANT_ID, facts):
        seen, change = publish(seen, envelope)
        told.append(change)
    return told


def test_everybody_hears_how_many_there_are() -> None:
    opened, received = changes(stock_of(10))
    assert opened is None
    assert received == Change(
        type="stock:updated",
        channel=f"stock:{VARIANT_ID}",
        audience=PUBLIC,
        payload={"variantId": str(VARIANT_ID), "available": 10},
    )


def test_what_leaves_the_figure_as_it_is_is_not_told() -> None:
    low = StockRanLow(product_id=PRODUCT_ID, variant_id=VARIANT_ID, warehouse="main", available=5, threshold=5)
    allocated = ReservationAllocated(
        product_id=PRODUCT_ID,
        variant_id=VARIANT_ID,
        warehouse="main",
        available=5,
        reservation_id=ORDER_ID,
        quantity=5,
    )
    *_, reserved, ran_low, held = changes([*stock_of(10), stock_reserved(quantity=5, available=5), low, allocated])
    assert reserved is not None
    assert reserved.payload["available"] == 5
    assert (ran_low, held) == (None, None)


def test_a_listener_that_begins_in_the_middle_is_told() -> None:
    (envelope,) = envelopes("stock", VARIANT_ID, [stock_reserved()])
    assert publish(None, envelope)[1] is not None


def test_an_answer_names_the_figures() -> None:
    body = answer(given(STOCK, *stock_of(10), stock_reserved(quantity=3, available=7)).state)
    assert body == {
        "id": str(VARIANT_ID),
        "status": "IN_STOCK",
        "variantId": str(VARIANT_ID),
        "warehouse": "main",
        "onHand": 10,
        "reserved": 3,
        "available": 7,
    }
    assert answer(given(STOCK, stock_opened()).state)["status"] == "OUT_OF_STOCK"
