"""How much may go back?"""

import asyncio

import pytest

from tests.standins.stripe.calling import Caller


async def _paid(stripe: Caller, **params: object) -> str:
    wished = {"capture_method": "automatic", "metadata[order_id]": "o1"} | params
    _, intent = await stripe.intent(None, **wished)
    return str(intent["id"])


async def test_refunds_add_up_to_what_was_captured_and_no_further(stripe: Caller) -> None:
    paid = await _paid(stripe)
    for amount in (300, 700):
        status, _ = await stripe.post("/refunds", {"payment_intent": paid, "amount": amount})
        assert status == 200

    status, body = await stripe.post("/refunds", {"payment_intent": paid, "amount": 1})

    assert (status, body["error"]["code"]) == (400, "charge_already_refunded")


async def test_a_hold_is_not_refunded(stripe: Caller) -> None:
    _, held = await stripe.intent()
    status, body = await stripe.post("/refunds", {"payment_intent": held["id"]})
    assert (status, body["error"]["code"]) == (400, "charge_not_refundable")


async def test_after_a_partial_capture_only_that_part_goes_back(stripe: Caller) -> None:
    _, held = await stripe.intent()
    await stripe.post(f"/payment_intents/{held['id']}/capture", {"amount_to_capture": 400})
    status, body = await stripe.post("/refunds", {"payment_intent": held["id"], "amount": 401})
    assert (status, body["error"]["param"]) == (400, "amount")


@pytest.mark.parametrize("amount", [100, 300])
async def test_fifty_parallel_refunds_never_exceed_the_capture(stripe: Caller, amount: int) -> None:
    paid = await _paid(stripe)

    answers = await asyncio.gather(
        *(stripe.post("/refunds", {"payment_intent": paid, "amount": amount}, f"k{n}") for n in range(50))
    )

    assert sum(status == 200 for status, _ in answers) == 1000 // amount
    [balance] = (await stripe.control("GET", "/balances?order_id=o1"))["balances"]
    assert balance["refunded"] == 1000 // amount * amount


async def test_fifty_parallel_captures_move_the_money_once(stripe: Caller) -> None:
    _, held = await stripe.intent(**{"metadata[order_id]": "o1"})
    answers = await asyncio.gather(*(stripe.post(f"/payment_intents/{held['id']}/capture") for _ in range(50)))
    assert sum(status == 200 for status, _ in answers) == 1
    kinds = [entry["kind"] for entry in (await stripe.control("GET", "/ledger"))["entries"]]
    assert kinds == ["authorised", "captured"]


async def test_capture_and_cancel_racing_end_in_one_of_them(stripe: Caller) -> None:
    _, held = await stripe.intent(**{"metadata[order_id]": "o1"})
    verbs = ["capture", "cancel"] * 25
    answers = await asyncio.gather(*(stripe.post(f"/payment_intents/{held['id']}/{verb}") for verb in verbs))
    assert sum(status == 200 for status, _ in answers) == 1
    [balance] = (await stripe.control("GET", "/balances?order_id=o1"))["balances"]
    assert sorted((balance["captured"], balance["voided"])) == [0, 1000]


async def test_a_pending_refund_succeeds_later_and_one_that_fails_comes_back(stripe: Caller) -> None:
    slow, doomed = (
        await _paid(stripe, payment_method="pm_card_pendingRefund"),
        await _paid(stripe, payment_method="pm_card_refundFail"),
    )
    _, pending = await stripe.post("/refunds", {"payment_intent": slow})
    _, sent = await stripe.post("/refunds", {"payment_intent": doomed})
    assert (pending["status"], sent["status"]) == ("pending", "succeeded")

    settled = await stripe.control("POST", f"/refunds/{pending['id']}/settle")
    failed = await stripe.control("POST", f"/refunds/{sent['id']}/settle")

    assert (settled["status"], failed["status"]) == ("succeeded", "failed")
    again, _ = await stripe.post("/refunds", {"payment_intent": doomed})
    assert again == 200


async def test_balance_transactions_tell_amount_and_fee(stripe: Caller) -> None:
    paid = await _paid(stripe)
    _, intent = await stripe.get(f"/payment_intents/{paid}", {"expand[]": "latest_charge.balance_transaction"})
    moved = intent["latest_charge"]["balance_transaction"]
    assert (moved["amount"], moved["fee"], moved["net"]) == (1000, 59, 941)
    _, refund = await stripe.post("/refunds", {"payment_intent": paid, "expand[]": "balance_transaction"})
    assert refund["balance_transaction"]["amount"] == -1000
