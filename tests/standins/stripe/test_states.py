"""Which status does a payment intent have next?"""

import pytest

from tests.standins.stripe.calling import Caller


async def test_an_intent_is_born_without_a_method_and_waits_for_one(stripe: Caller) -> None:
    status, intent = await stripe.post(
        "/payment_intents", {"amount": 500, "currency": "usd", "payment_method_types[]": "card"}
    )
    assert (status, intent["status"]) == (200, "requires_payment_method")

    _, intent = await stripe.post(f"/payment_intents/{intent['id']}", {"payment_method": "pm_card_visa"})
    assert intent["status"] == "requires_confirmation"

    _, intent = await stripe.post(f"/payment_intents/{intent['id']}/confirm")
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 500)


async def test_a_manual_intent_holds_then_captures(stripe: Caller) -> None:
    _, held = await stripe.intent(**{"metadata[order_id]": "o1"})
    assert (held["status"], held["amount_capturable"], held["amount_received"]) == ("requires_capture", 1000, 0)

    _, done = await stripe.post(f"/payment_intents/{held['id']}/capture")

    assert (done["status"], done["amount_capturable"], done["amount_received"]) == ("succeeded", 0, 1000)
    kinds = [entry["kind"] for entry in (await stripe.control("GET", "/ledger?order_id=o1"))["entries"]]
    assert kinds == ["authorised", "captured"]


async def test_a_partial_capture_lets_the_rest_go(stripe: Caller) -> None:
    _, held = await stripe.intent(**{"metadata[order_id]": "o1"})

    _, done = await stripe.post(f"/payment_intents/{held['id']}/capture", {"amount_to_capture": 300})

    assert done["amount_received"] == 300
    [balance] = (await stripe.control("GET", "/balances?order_id=o1"))["balances"]
    assert (balance["captured"], balance["voided"], balance["held"]) == (300, 700, 0)


async def test_more_than_the_hold_is_not_captured(stripe: Caller) -> None:
    _, held = await stripe.intent()
    status, body = await stripe.post(f"/payment_intents/{held['id']}/capture", {"amount_to_capture": 1001})
    assert (status, body["error"]["code"]) == (400, "amount_too_large")


async def test_a_cancelled_hold_is_let_go_and_can_not_be_captured(stripe: Caller) -> None:
    _, held = await stripe.intent(**{"metadata[order_id]": "o1"})

    _, ended = await stripe.post(
        f"/payment_intents/{held['id']}/cancel", {"cancellation_reason": "requested_by_customer"}
    )
    status, body = await stripe.post(f"/payment_intents/{held['id']}/capture")

    assert (ended["status"], ended["cancellation_reason"]) == ("canceled", "requested_by_customer")
    assert (status, body["error"]["code"]) == (400, "payment_intent_unexpected_state")
    assert body["error"]["payment_intent"]["status"] == "canceled"
    [balance] = (await stripe.control("GET", "/balances?order_id=o1"))["balances"]
    assert (balance["voided"], balance["held"], balance["kept"]) == (1000, 0, 0)


@pytest.mark.parametrize("verb", ["capture", "cancel", "confirm"])
async def test_a_finished_intent_takes_no_further_step(stripe: Caller, verb: str) -> None:
    _, done = await stripe.intent(capture_method="automatic")
    status, body = await stripe.post(f"/payment_intents/{done['id']}/{verb}")
    assert (status, body["error"]["code"]) == (400, "payment_intent_unexpected_state")


async def test_an_expired_hold_is_cancelled_by_stripe_itself(stripe: Caller) -> None:
    _, held = await stripe.intent()
    ended = await stripe.control("POST", f"/payment_intents/{held['id']}/expire")
    assert (ended["status"], ended["cancellation_reason"]) == ("canceled", "automatic")


async def test_authentication_stands_between_confirmation_and_hold(stripe: Caller) -> None:
    _, waiting = await stripe.intent(
        payment_method="pm_card_authenticationRequired", return_url="https://shop.test/back"
    )
    assert waiting["status"] == "requires_action"
    assert waiting["next_action"]["redirect_to_url"]["url"].startswith(f"{stripe.url}/3d-secure/{waiting['id']}")

    held = await stripe.control("POST", f"/payment_intents/{waiting['id']}/authenticate", {"succeed": True})

    assert held["status"] == "requires_capture"


async def test_a_failed_authentication_asks_for_another_card(stripe: Caller) -> None:
    _, waiting = await stripe.intent(payment_method="pm_card_authenticationRequired")
    failed = await stripe.control("POST", f"/payment_intents/{waiting['id']}/authenticate", {"succeed": False})
    assert failed["status"] == "requires_payment_method"
    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert (await stripe.control("GET", "/ledger"))["entries"] == []


async def test_off_session_authentication_is_a_decline(stripe: Caller) -> None:
    status, body = await stripe.intent(payment_method="pm_card_authenticationRequired", off_session="true")
    assert (status, body["error"]["decline_code"]) == (402, "authentication_required")


async def test_a_card_set_up_for_later_needs_the_customer_only_once(stripe: Caller) -> None:
    _, customer = await stripe.post("/customers", {"email": "ana@example.test"})
    card = "pm_card_authenticationRequiredOnSetup"
    _, setup = await stripe.post(
        "/setup_intents", {"customer": customer["id"], "payment_method": card, "confirm": "true"}
    )
    assert setup["status"] == "requires_action"
    done = await stripe.control("POST", f"/setup_intents/{setup['id']}/authenticate", {"succeed": True})

    status, held = await stripe.intent(
        customer=customer["id"], payment_method=done["payment_method"], off_session="true"
    )

    assert (done["status"], status, held["status"]) == ("succeeded", 200, "requires_capture")


async def test_a_method_that_nobody_keeps_is_good_for_one_payment(stripe: Caller) -> None:
    _, method = await stripe.post("/payment_methods", {"type": "card", "card[number]": "4242424242424242"})
    first, _ = await stripe.intent(payment_method=method["id"])
    second, body = await stripe.intent(payment_method=method["id"])
    assert (first, second) == (200, 400)
    assert "may not be used again" in body["error"]["message"]


async def test_a_method_is_its_customer_s_only(stripe: Caller) -> None:
    _, ana = await stripe.post("/customers", {"payment_method": "pm_card_visa"})
    _, methods = await stripe.get(f"/customers/{ana['id']}/payment_methods")
    status, _ = await stripe.intent(payment_method=methods["data"][0]["id"])
    assert status == 400


async def test_redirecting_methods_need_a_way_back(stripe: Caller) -> None:
    status, body = await stripe.intent(**{"payment_method_types[]": None})
    assert status == 400
    assert "return_url" in body["error"]["message"]
