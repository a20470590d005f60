"""Does the same key give the same answer, exactly as Stripe says?"""

import asyncio
from pathlib import Path

import httpx2

from tests.standins.serving import serving
from tests.standins.stripe.calling import Caller, intent_of
from tools.standins.stripe.app import build


async def _ledger(stripe: Caller) -> list[str]:
    return [entry["kind"] for entry in (await stripe.control("GET", "/ledger"))["entries"]]


async def test_the_same_key_and_parameters_answer_what_was_answered(stripe: Caller) -> None:
    first = await stripe.post_whole("/payment_intents", intent_of(), "k")
    again = await stripe.post_whole("/payment_intents", intent_of(), "k")

    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"] != again.headers["request-id"]
    assert "idempotent-replayed" not in first.headers
    assert await _ledger(stripe) == ["authorised"]


async def test_other_parameters_or_another_endpoint_are_an_error(stripe: Caller) -> None:
    _, made = await stripe.intent("k")
    for path, params in (("/payment_intents", intent_of(amount=2000)), (f"/payment_intents/{made['id']}/capture", {})):
        status, body = await stripe.post(path, params, "k")
        assert (status, body["error"]["type"]) == (400, "idempotency_error")
    assert await _ledger(stripe) == ["authorised"]


async def test_a_decline_is_kept_under_its_key(stripe: Caller) -> None:
    first = await stripe.post_whole("/payment_intents", intent_of(payment_method="pm_card_chargeDeclined"), "k")
    again = await stripe.post_whole("/payment_intents", intent_of(payment_method="pm_card_chargeDeclined"), "k")
    assert (first.status_code, again.status_code) == (402, 402)
    assert again.json()["error"]["payment_intent"]["id"] == first.json()["error"]["payment_intent"]["id"]


async def test_wrong_parameters_leave_the_key_free(stripe: Caller) -> None:
    refused, body = await stripe.intent("k", amount="1.5")
    status, _ = await stripe.intent("k")
    assert (refused, body["error"]["code"], status) == (400, "parameter_invalid_integer", 200)


async def test_a_refusal_of_a_begun_call_is_kept(stripe: Caller) -> None:
    _, held = await stripe.intent()
    first, _ = await stripe.post("/refunds", {"payment_intent": held["id"]}, "k")
    await stripe.post(f"/payment_intents/{held['id']}/capture")
    again = await stripe.post_whole("/refunds", {"payment_intent": held["id"]}, "k")
    assert (first, again.status_code, again.headers["idempotent-replayed"]) == (400, 400, "true")


async def test_while_the_first_call_is_under_way_the_second_is_told_so(stripe: Caller) -> None:
    await stripe.control("POST", "/faults", {"kind": "delay", "seconds": 0.3})
    slow = asyncio.create_task(stripe.intent("k"))
    await asyncio.sleep(0.1)

    status, body = await stripe.intent("k")

    assert (status, body["error"]["code"]) == (409, "idempotency_key_in_use")
    assert (await slow)[0] == 200
    assert (await stripe.post_whole("/payment_intents", intent_of(), "k")).headers["idempotent-replayed"] == "true"


async def test_fifty_parallel_calls_of_one_key_charge_once(stripe: Caller) -> None:
    answers = await asyncio.gather(*(stripe.intent("k", capture_method="automatic") for _ in range(50)))
    ids = {body["id"] for status, body in answers if status == 200}
    assert len(ids) == 1
    assert {status for status, _ in answers} <= {200, 409}
    assert await _ledger(stripe) == ["authorised", "captured"]


async def test_keys_and_money_outlive_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "stripe.sqlite"
    with serving(build(data, None)) as url:
        caller = Caller(url)
        _, first = await caller.intent("k")
        await caller.http.aclose()
    with serving(build(data, None)) as url:
        caller = Caller(url)
        again = await caller.post_whole("/payment_intents", intent_of(), "k")
        assert again.json()["id"] == first["id"]
        assert await _ledger(caller) == ["authorised"]
        await caller.http.aclose()


async def test_two_accounts_do_not_share_a_key(stripe: Caller) -> None:
    _, first = await stripe.intent("k")
    async with httpx2.AsyncClient(base_url=stripe.url) as other:
        answer = await other.post(
            "/v1/payment_intents",
            data={name: str(value) for name, value in intent_of().items()},
            headers={"Authorization": "Bearer sk_test_other", "Idempotency-Key": "k"},
        )
    assert answer.json()["id"] != first["id"]
