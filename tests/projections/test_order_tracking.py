from typing import Any

import pytest

from projections.order_tracking.projector import ORDER_TRACKING, columns, rows, streams
from projections.order_tracking.view import OrderTracking
from projections.running.as_of import NotOffered, build_document_at
from projections.stock_levels.projector import STOCK_LEVELS
from tests.kit.builders import order, payment
from tests.kit.builders.ids import CUSTOMER_ID, ORDER_ID, PAYMENT_ID, PRODUCT_ID, an_id
from tests.kit.given_view import a_log, folded
from write_model.kernel.message import Event
from write_model.order.events import ItemAdopted, Seller
from write_model.payment.events import PaymentAdopted

KEY = str(ORDER_ID)


def the_order(*events: Event) -> OrderTracking:
    found = folded(ORDER_TRACKING, ORDER_ID, *events)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("events", "status", "payment_status"),
    [
        ((), "PLACED", "NONE"),
        ((order.AUTHORIZED,), "AWAITING_PAYMENT", "AUTHORIZED"),
        ((order.ACTION,), "AWAITING_PAYMENT", "ACTION_REQUIRED"),
        ((order.UNKNOWN,), "AWAITING_PAYMENT", "UNKNOWN"),
        ((order.DECLINED,), "PAYMENT_FAILED", "FAILED"),
        ((order.AUTHORIZED, order.CONFIRMED), "CONFIRMED", "AUTHORIZED"),
        ((order.AUTHORIZED, order.CONFIRMED, order.CAPTURED), "CONFIRMED", "PAID"),
        ((order.DECLINED, order.CANCELLED_DECLINED), "CANCELLED", "FAILED"),
        ((order.EXPIRED,), "EXPIRED", "NONE"),
    ],
)
def test_an_order_stands_as_its_own_room_says(events: tuple[Event, ...], status: str, payment_status: str) -> None:
    found = the_order(order.PLACED, *events)
    assert (found.status, found.payment_status) == (status, payment_status)


def test_refunds_show_in_status_and_payments() -> None:
    refund_id = payment.REFUND_ID
    found = the_order(
        *order.PAID,
        payment.CREATED,
        payment.AUTHORIZED,
        payment.CAPTURED,
        payment.refund_requested(1000),
        payment.refunded(1000),
        order.refunded(1000, refund_id),
    )
    assert (found.status, found.payment_status, found.refunded_minor) == (
        "PARTIALLY_REFUNDED",
        "PARTIALLY_REFUNDED",
        1000,
    )
    [paid] = found.payments
    assert (paid.status, paid.captured_minor, paid.refunded_minor) == ("CAPTURED", order.TOTAL, 1000)
    assert [(refund.id, refund.status) for refund in paid.refunds] == [(str(refund_id), "SUCCEEDED")]


def test_the_timeline_tells_each_event_with_its_position() -> None:
    found = the_order(order.PLACED, payment.CREATED, order.AUTHORIZED)
    assert [(entry.position, entry.type) for entry in found.timeline] == [
        (1, "order.placed"),
        (2, "payment.created"),
        (3, "order.payment_authorized"),
    ]
    assert found.timeline[2].data == {"paymentId": str(PAYMENT_ID), "amountMinor": order.TOTAL}


def test_the_timeline_holds_nothing_personal() -> None:
    told = " ".join(str(entry.data) for entry in the_order(*order.PAID).timeline)
    assert "Ada" not in told
    assert "example.com" not in told


def test_after_an_erasure_a_refold_knows_no_contact() -> None:
    found = the_order(order.placed(email=None))
    assert (found.contact_email, found.contact_name) == (None, None)


def test_a_decline_is_the_reason_of_the_cancellation() -> None:
    found = the_order(order.PLACED, order.DECLINED, order.CANCELLED_DECLINED)
    assert found.reason is not None
    assert (found.reason.code, found.reason.decline_code) == ("payment.declined", "card_declined")


def test_what_the_client_has_to_do_is_shown_until_it_is_done() -> None:
    assert the_order(order.PLACED, order.ACTION).client_action == "https://3ds"
    assert the_order(order.PLACED, order.ACTION, order.AUTHORIZED).client_action is None


def an_adopted_payment(sequence: int, amount: int) -> PaymentAdopted:
    return PaymentAdopted(
        payment_id=an_id("adopted", sequence),
        order_id=ORDER_ID,
        customer_id=CUSTOMER_ID,
        sequence=sequence,
        type="voucher",
        instalments=1,
        amount_minor=amount,
        currency="BRL",
    )


def an_item(line: int) -> ItemAdopted:
    return ItemAdopted(
        order_id=ORDER_ID,
        customer_id=CUSTOMER_ID,
        line=line,
        product_id=PRODUCT_ID,
        seller=Seller(origin_id="s", zip_code_prefix="14940", city="ibitinga", state="SP"),
        price_minor=5990,
        freight_minor=1329,
        shipping_limit="2017-10-06 11:07:15",
    )


def test_an_adopted_order_keeps_the_other_systems_words_items_and_payments() -> None:
    found = the_order(order.adopted(), an_item(1), an_item(2), an_adopted_payment(2, 100), an_adopted_payment(1, 50))
    assert found.origin is not None
    assert (found.status, found.origin.status, found.origin.purchased_at) == (
        "DELIVERED",
        "delivered",
        "2017-10-02 10:56:33",
    )
    assert (found.totals.subtotal_minor, found.totals.shipping_minor, found.totals.total_minor) == (11980, 2658, 14638)
    assert [(paid.sequence, paid.amount_minor, paid.type) for paid in found.payments] == [
        (1, 50, "voucher"),
        (2, 100, "voucher"),
    ]
    assert columns(found)["origin"] == "import"
    assert [row["freight_minor"] for row in rows(found)["order_items"]] == [1329, 1329]


def test_an_adopted_order_without_items_is_an_order_all_the_same() -> None:
    found = the_order(order.adopted("canceled"))
    assert (found.status, found.lines, found.totals.total_minor) == ("CANCELLED", (), 0)


def test_an_order_names_the_streams_that_it_is_made_of() -> None:
    assert set(streams(KEY, the_order(order.PLACED))) == {f"order-{KEY}", f"payment-{PAYMENT_ID}"}


async def test_an_order_is_shown_as_it_stood_at_any_position() -> None:
    log = a_log()
    for event in (order.PLACED, payment.CREATED, order.AUTHORIZED, payment.AUTHORIZED, order.CONFIRMED):
        await log.append(event)
    seen: list[Any] = []
    for at in range(7):
        found = await build_document_at(ORDER_TRACKING, KEY, at, log.reader, log.decode)
        seen.append(None if found is None else (found.document.status, len(found.document.payments), found.position))
    assert seen == [
        None,
        ("PLACED", 0, 1),
        ("PLACED", 1, 2),
        ("AWAITING_PAYMENT", 1, 3),
        ("AWAITING_PAYMENT", 1, 4),
        ("CONFIRMED", 1, 5),
        ("CONFIRMED", 1, 5),
    ]


async def test_the_present_as_of_equals_the_live_document() -> None:
    log = a_log()
    for event in (*order.PAID, payment.CREATED, payment.CAPTURED):
        await log.append(event)
    found = await build_document_at(ORDER_TRACKING, KEY, 10**9, log.reader, log.decode)
    assert found is not None
    assert found.document.payments[0].captured_minor == order.TOTAL
    assert len(found.document.timeline) == 6


async def test_a_projection_that_names_no_streams_offers_no_past() -> None:
    log = a_log()
    with pytest.raises(NotOffered):
        await build_document_at(STOCK_LEVELS, KEY, 1, log.reader, log.decode)
