"""Does each test card do what Stripe's documentation says?"""

import pytest

from tests.standins.stripe.calling import Caller
from tools.standins.stripe import cards

DECLINES = [
    ("4000000000000002", "card_declined", "generic_decline"),
    ("4000000000009995", "card_declined", "insufficient_funds"),
    ("4000000000009987", "card_declined", "lost_card"),
    ("4000000000009979", "card_declined", "stolen_card"),
    ("4000000000000069", "expired_card", None),
    ("4000000000000127", "incorrect_cvc", None),
    ("4000000000000119", "processing_error", None),
    ("4000000000006975", "card_declined", "card_velocity_exceeded"),
    ("4100000000000019", "card_declined", "fraudulent"),
]


@pytest.mark.parametrize(("number", "code", "decline_code"), DECLINES)
async def test_a_card_declines_with_its_code(stripe: Caller, number: str, code: str, decline_code: str | None) -> None:
    _, method = await stripe.post("/payment_methods", {"type": "card", "card[number]": number})

    status, body = await stripe.intent(payment_method=method["id"])

    error = body["error"]
    assert (status, error["type"], error["code"]) == (402, "card_error", code)
    assert error.get("decline_code") == decline_code
    assert error["payment_intent"]["status"] == "requires_payment_method"
    assert (await stripe.control("GET", "/ledger"))["entries"] == []
    _, charge = await stripe.get(f"/charges/{error['charge']}")
    assert (charge["status"], charge["failure_code"], charge["paid"]) == ("failed", code, False)


@pytest.mark.parametrize("name", sorted(name for name, card in cards.CARDS.items() if card.decline is None))
async def test_every_other_name_pays_at_once_or_after_authentication(stripe: Caller, name: str) -> None:
    status, intent = await stripe.intent(payment_method=name)
    expected = "requires_capture" if cards.CARDS[name].authenticate == "never" else "requires_action"
    assert (status, intent["status"]) == (200, expected)


async def test_a_declining_card_is_not_attached_but_the_one_for_that_is(stripe: Caller) -> None:
    _, customer = await stripe.post("/customers")
    refused, _ = await stripe.post("/payment_methods/pm_card_visa_chargeDeclined/attach", {"customer": customer["id"]})
    status, method = await stripe.post(
        "/payment_methods/pm_card_chargeCustomerFail/attach", {"customer": customer["id"]}
    )
    assert (refused, status) == (402, 200)
    declined, _ = await stripe.intent(customer=customer["id"], payment_method=method["id"])
    assert declined == 402


@pytest.mark.parametrize("number", ["4242424242424241", "42", "text"])
async def test_what_is_no_card_number_is_refused(stripe: Caller, number: str) -> None:
    status, body = await stripe.post("/payment_methods", {"type": "card", "card[number]": number})
    assert (status, body["error"]["code"]) == (402, "incorrect_number")


async def test_no_answer_shows_the_number(stripe: Caller) -> None:
    _, method = await stripe.post("/payment_methods", {"type": "card", "card[number]": "4242424242424242"})
    assert method["card"]["last4"] == "4242"
    assert "4242424242424242" not in str(method)
