"""What do Stripe's objects say in our words?"""

from typing import Any
from uuid import UUID

import pytest

from infra.ports import ChargeState
from infra.stripe import reading

ORDER = UUID("00000000-0000-4000-8000-000000000001")


def an_intent(**changes: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "requires_capture",
        "amount": 1000,
        "amount_received": 0,
        "currency": "usd",
        "created": 100,
        "metadata": {"order_id": str(ORDER), "payment_id": str(ORDER)},
        "latest_charge": "ch_1",
    } | changes


def an_event(about: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 200,
        "data": {"object": about},
    } | changes


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("requires_payment_method", ChargeState.FAILED),
        ("requires_confirmation", ChargeState.PROCESSING),
        ("requires_action", ChargeState.REQUIRES_ACTION),
        ("processing", ChargeState.PROCESSING),
        ("requires_capture", ChargeState.AUTHORISED),
        ("succeeded", ChargeState.CAPTURED),
        ("canceled", ChargeState.CANCELLED),
        ("something_new", ChargeState.PROCESSING),
    ],
)
def test_every_status_has_a_state(status: str, state: ChargeState) -> None:
    intent = an_intent(status=status, next_action={"type": "use_stripe_sdk"})
    assert reading.charge(intent).state is state


def test_the_newest_time_counts() -> None:
    moved = {"created": 150, "amount_refunded": 0, "balance_transaction": {"created": 300}}
    assert reading.charge(an_intent(latest_charge=moved)).at == reading.moment(300)
    assert reading.charge(an_intent(canceled_at=250)).at == reading.moment(250)


def test_an_ended_hold_is_no_refund() -> None:
    ended = an_intent(status="canceled", latest_charge={"created": 100, "amount_refunded": 1000})
    assert reading.charge(ended).refunded_minor == 0


def test_a_payment_that_is_not_ours_has_no_order() -> None:
    assert reading.charge(an_intent(metadata={})).order_id is None
    assert reading.charge(an_intent(metadata={"order_id": "x"})).order_id is None


def test_a_page_with_a_secret_in_its_address_is_not_told() -> None:
    def action(url: str) -> str | None:
        return reading.client_action(
            an_intent(next_action={"type": "redirect_to_url", "redirect_to_url": {"url": url}})
        )

    assert action("https://bank.test/3ds?payment=1") == "https://bank.test/3ds?payment=1"
    assert action("https://bank.test/3ds?payment_intent_client_secret=s") == "redirect_to_url:pi_1"


def test_an_event_tells_its_facts() -> None:
    error = {"code": "card_declined", "decline_code": "insufficient_funds"}
    facts = reading.facts(an_event(an_intent(status="requires_payment_method", last_payment_error=error)))
    assert (facts.provider_event_id, facts.payment_ref, facts.order_id) == ("evt_1", "pi_1", ORDER)
    assert (facts.status, facts.amount_minor, facts.currency) == ("requires_payment_method", 1000, "USD")
    assert facts.decline_code == "insufficient_funds"
    assert facts.created_at == reading.moment(200)


def test_a_charge_s_event_names_its_payment() -> None:
    about = {
        "id": "ch_1",
        "object": "charge",
        "payment_intent": "pi_1",
        "amount": 1000,
        "amount_captured": 400,
        "currency": "usd",
        "status": "failed",
        "failure_code": "card_declined",
        "metadata": {},
    }
    facts = reading.facts(an_event(about, type="charge.failed"))
    assert (facts.payment_ref, facts.captured_minor, facts.decline_code) == ("pi_1", 400, "card_declined")


def test_an_event_about_something_else_has_no_payment() -> None:
    facts = reading.facts(an_event({"id": "cus_1", "object": "customer"}, type="customer.created"))
    assert (facts.payment_ref, facts.order_id, facts.amount_minor, facts.status) == (None, None, None, None)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"id": "evt_1"},
        an_event({}, id=None),
        an_event(an_intent(), id=""),
        an_event(an_intent(), created="today"),
        an_event(an_intent(), created=10**20),
        an_event(an_intent(), data={"object": []}),
        an_event(an_intent(), data=None),
        an_event(an_intent(currency=5)),
    ],
)
def test_what_is_no_event_is_unreadable(event: dict[str, Any]) -> None:
    with pytest.raises(reading.UnreadableEvent):
        reading.facts(event)


def test_a_failed_refund_says_why() -> None:
    body = {"id": "re_1", "status": "failed", "amount": 5, "created": 1, "failure_reason": "lost_or_stolen_card"}
    assert reading.refund(body).code == "lost_or_stolen_card"
    assert reading.refund(body | {"status": "canceled", "failure_reason": None}).code == "canceled"
    assert reading.refund(body | {"status": "pending"}).succeeded
