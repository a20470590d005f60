"""Does it fail before and after the act, as it is asked to?"""

import httpx2
import pytest

from tests.standins.stripe.calling import Caller, intent_of


async def _movements(stripe: Caller) -> int:
    return len((await stripe.control("GET", "/ledger"))["entries"])


async def test_a_failure_before_the_act_leaves_nothing_behind(stripe: Caller) -> None:
    await stripe.control("POST", "/faults", {"kind": "fail_before"})
    failed, body = await stripe.intent("k")
    assert (failed, body["error"]["type"], await _movements(stripe)) == (500, "api_error", 0)

    status, _ = await stripe.intent("k")

    assert (status, await _movements(stripe)) == (200, 1)


async def test_a_stored_failure_stays_under_its_key(stripe: Caller) -> None:
    await stripe.control("POST", "/faults", {"kind": "fail_before_stored"})
    await stripe.intent("k")
    again = await stripe.post_whole("/payment_intents", intent_of(), "k")
    assert (again.status_code, again.headers["idempotent-replayed"], await _movements(stripe)) == (500, "true", 0)


async def test_a_failure_after_the_act_hides_a_success(stripe: Caller) -> None:
    await stripe.control("POST", "/faults", {"kind": "fail_after"})
    failed, _ = await stripe.intent("k")
    assert (failed, await _movements(stripe)) == (500, 1)

    status, intent = await stripe.intent("k")

    assert (status, intent["status"], await _movements(stripe)) == (200, "requires_capture", 1)


@pytest.mark.parametrize(("kind", "movements"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_connection_can_end_on_either_side_of_the_act(stripe: Caller, kind: str, movements: int) -> None:
    await stripe.control("POST", "/faults", {"kind": kind})
    with pytest.raises(httpx2.RemoteProtocolError):
        await stripe.intent("k")
    assert await _movements(stripe) == movements
    assert (await stripe.intent("k"))[0] == 200
    assert await _movements(stripe) == 1


async def test_a_rate_limit_does_nothing(stripe: Caller) -> None:
    await stripe.control("POST", "/faults", {"kind": "rate_limit", "times": 2})
    answers = [await stripe.intent("k") for _ in range(3)]
    assert [status for status, _ in answers] == [429, 429, 200]
    assert answers[0][1]["error"]["code"] == "rate_limit"


async def test_a_fault_hits_the_operation_that_it_names(stripe: Caller) -> None:
    await stripe.control("POST", "/faults", {"kind": "fail_before", "operation": "payment_intents.capture"})
    status, held = await stripe.intent()
    failed, _ = await stripe.post(f"/payment_intents/{held['id']}/capture")
    again, _ = await stripe.post(f"/payment_intents/{held['id']}/capture")
    assert (status, failed, again) == (200, 500, 200)
    assert (await stripe.control("GET", "/faults"))["faults"] == []


async def test_another_amount_can_be_held(stripe: Caller) -> None:
    await stripe.control("POST", "/faults", {"kind": "alter_amount", "amount": 999, "operation": "payment_intents.*"})
    _, held = await stripe.intent()
    assert held["amount_capturable"] == 999


async def test_faults_last_until_they_are_taken_away(stripe: Caller) -> None:
    await stripe.control("POST", "/faults", {"kind": "fail_before", "times": None})
    failures = [(await stripe.intent())[0] for _ in range(3)]
    await stripe.control("DELETE", "/faults")
    assert (failures, (await stripe.intent())[0]) == ([500] * 3, 200)


@pytest.mark.parametrize("body", [{"kind": "boom"}, {"kind": "delay", "colour": 1}, [], "x"])
async def test_an_unknown_fault_is_refused(stripe: Caller, body: object) -> None:
    answer = await stripe.http.post("/_control/faults", json=body)
    assert answer.status_code == 400
