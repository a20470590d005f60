"""The one status, what is answered, and what the customer is told of a change."""

import json
from collections.abc import Mapping

import pytest

from tests.kit.builders import order as an
from tests.kit.builders.envelopes import envelopes
from tests.kit.builders.ids import CUSTOMER_ID, ORDER_ID, PAYMENT_ID, an_id
from write_model.kernel.change import Change
from write_model.order.decider import ORDER
from write_model.order.events import OrderEvent
from write_model.order.public import answer, publish, status

REFUND = an_id("refund")


@pytest.mark.parametrize(
    ("lifecycle", "payment", "fulfillment", "returned", "expected"),
    [
        ("CANCELLED", "REFUNDED", "UNFULFILLED", "NONE", "CANCELLED"),
        ("EXPIRED", "VOIDED", "UNFULFILLED", "NONE", "EXPIRED"),
        ("ON_HOLD", "PAID", "UNFULFILLED", "REQUESTED", "ON_HOLD"),
        ("CONFIRMED", "REFUNDED", "DELIVERED", "APPROVED", "RETURN_REQUESTED"),
        ("CONFIRMED", "REFUNDED", "DELIVERED", "CLOSED", "RETURNED"),
        ("CONFIRMED", "REFUNDED", "UNFULFILLED", "NONE", "REFUNDED"),
        ("COMPLETED", "PARTIALLY_REFUNDED", "DELIVERED", "REJECTED", "PARTIALLY_REFUNDED"),
        ("PENDING", "FAILED", "UNFULFILLED", "NONE", "PAYMENT_FAILED"),
        ("PENDING", "NONE", "UNFULFILLED", "NONE", "PLACED"),
        ("PENDING", "UNKNOWN", "UNFULFILLED", "NONE", "AWAITING_PAYMENT"),
        ("PENDING", "AUTHORIZED", "UNFULFILLED", "NONE", "AWAITING_PAYMENT"),
        ("COMPLETED", "PAID", "DELIVERED", "NONE", "COMPLETED"),
        ("CONFIRMED", "PAID", "DELIVERED", "NONE", "DELIVERED"),
        ("CONFIRMED", "PAID", "FULFILLED", "NONE", "SHIPPED"),
        ("CONFIRMED", "PAID", "PREPARING", "NONE", "PREPARING"),
        ("CONFIRMED", "PAID", "UNFULFILLED", "NONE", "CONFIRMED"),
    ],
)
def test_the_first_rule_that_matches_gives_the_status(
    lifecycle: str, payment: str, fulfillment: str, returned: str, expected: str
) -> None:
    assert status(lifecycle, payment, fulfillment, returned) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((an.PLACED,), "NONE"),
        ((an.PLACED, an.ACTION), "ACTION_REQUIRED"),
        ((an.PLACED, an.UNKNOWN), "UNKNOWN"),
        ((an.PLACED, an.DECLINED), "FAILED"),
        ((an.PLACED, an.AUTHORIZED), "AUTHORIZED"),
        ((an.PLACED, an.AUTHORIZED, an.VOIDED), "VOIDED"),
        (an.PAID, "PAID"),
        ((an.placed(9999), an.CAPTURED), "PARTIALLY_PAID"),
        ((an.placed(1), an.CAPTURED), "OVERPAID"),
        ((*an.PAID, an.refunded(1, REFUND)), "PARTIALLY_REFUNDED"),
        ((*an.PAID, an.refunded(1, REFUND), an.refunded(2499, an_id("refund", 2))), "REFUNDED"),
    ],
)
def test_the_payment_status_follows_the_amounts(facts: tuple[OrderEvent, ...], expected: str) -> None:
    assert ORDER.fold(ORDER.initial, facts).payment_status == expected


def test_the_answer_has_the_total_and_the_state() -> None:
    assert answer(ORDER.fold(ORDER.initial, [an.PLACED])) == {
        "id": str(ORDER_ID),
        "number": an.NUMBER,
        "status": "PLACED",
        "paymentStatus": "NONE",
        "total": {"amountMinor": 2500, "currency": "USD"},
        "paymentId": str(PAYMENT_ID),
    }


def test_the_answer_says_why_an_order_ended_and_what_the_customer_has_to_do() -> None:
    ended = answer(ORDER.fold(ORDER.initial, [an.PLACED, an.DECLINED, an.CANCELLED_DECLINED]))
    assert ended["reason"] == {"code": "payment.declined", "declineCode": "card_declined"}
    assert answer(ORDER.fold(ORDER.initial, [an.PLACED, an.ACTION]))["clientAction"] == "https://3ds"
    assert answer(ORDER.fold(ORDER.initial, [an.PLACED, an.EXPIRED]))["reason"] == {"code": "time"}


def told(*facts: OrderEvent) -> list[Change | None]:
    """What `publish` says of each event, its memory kept as JSON in between."""
    seen: Mapping[str, object] | None = None
    changes = []
    for envelope in envelopes("order", ORDER_ID, facts):
        seen, change = publish(seen, envelope)
        seen = json.loads(json.dumps(seen))
        changes.append(change)
    return changes


def test_each_move_of_the_status_is_told_to_its_customer() -> None:
    changes = told(*an.PAID)
    assert [change and (change.payload["status"], change.payload["paymentStatus"]) for change in changes] == [
        ("PLACED", "NONE"),
        ("AWAITING_PAYMENT", "AUTHORIZED"),
        ("CONFIRMED", "AUTHORIZED"),
        ("CONFIRMED", "PAID"),
    ]
    assert {(c.type, c.channel, c.audience) for c in changes if c} == {
        ("order:status_changed", f"order:{ORDER_ID}", f"customer:{CUSTOMER_ID}")
    }
    assert [change.payload["previousStatus"] for change in changes if change] == [
        None,
        "PLACED",
        "AWAITING_PAYMENT",
        "CONFIRMED",
    ]


def test_what_moves_no_status_is_not_told() -> None:
    assert told(an.PLACED, an.DECLINED, an.DECLINED)[-1] is None


def test_a_decline_is_told_with_its_code_and_a_customers_own_words_are_not() -> None:
    declined = told(an.PLACED, an.DECLINED, an.CANCELLED_DECLINED)[-1]
    assert declined is not None
    assert declined.payload["reason"] == {"code": "payment.declined", "declineCode": "card_declined"}
    cancelled = told(an.PLACED, an.CANCELLED)[-1]
    assert cancelled is not None
    assert "reason" not in cancelled.payload


def test_orders_of_another_system_are_not_told() -> None:
    assert told(an.adopted()) == [None]


def test_what_is_told_has_nothing_personal() -> None:
    text = json.dumps([change.payload for change in told(*an.PAID, an.CANCELLED) if change])
    for canary in ("ada@example.com", "Ada", "Calle 1"):
        assert canary not in text
