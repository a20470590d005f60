"""Do signed webhooks come, and come as badly as a test wants them to?"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from infra.stripe.webhook import SignatureStale, SignatureWrong, verified
from tests.standins.serving import serving
from tests.standins.stripe.calling import Caller
from tests.standins.stripe.listening import SECRET, Receiver
from tools.standins.stripe.app import Webhook, build

Heard = tuple[Caller, Receiver]
OF_A_HOLD = ["payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated"]


@pytest.fixture
async def heard() -> AsyncIterator[Heard]:
    receiver = Receiver()
    with serving(receiver.app()) as hook, serving(build(None, Webhook(f"{hook}/hook", SECRET))) as url:
        caller = Caller(url)
        yield caller, receiver
        await caller.http.aclose()


async def _only(caller: Caller, kind: str, **policy: object) -> None:
    """The policy for one type of event; the others are dropped."""
    await caller.http.post("/v1/webhook_endpoints/we_configured", content=f"enabled_events[]={kind}")
    await caller.control("PUT", "/webhooks", policy)


async def test_a_hold_is_told_with_a_signature(heard: Heard) -> None:
    caller, receiver = heard
    _, held = await caller.intent(key="k1", **{"metadata[order_id]": "o1"})

    await receiver.until(3)

    assert sorted(receiver.types) == sorted(OF_A_HOLD)
    told = next(event for event in receiver.events if event["type"] == OF_A_HOLD[2])
    assert told["data"]["object"]["id"] == held["id"]
    assert told["data"]["object"]["metadata"] == {"order_id": "o1"}
    assert told["request"]["idempotency_key"] == "k1"
    _, kept = await caller.get(f"/events/{told['id']}")
    assert kept["type"] == told["type"]


async def test_an_endpoint_hears_only_of_the_types_that_it_asks_for() -> None:
    receiver = Receiver()
    wanted = (OF_A_HOLD[2], "payment_intent.succeeded")
    with serving(receiver.app()) as hook, serving(build(None, Webhook(f"{hook}/hook", SECRET, wanted))) as url:
        caller = Caller(url)
        _, held = await caller.intent(key="k1")
        await caller.http.post(f"/v1/payment_intents/{held['id']}/capture", content="")
        await receiver.until(2)
        await caller.http.aclose()
    assert sorted(receiver.types) == sorted(wanted)


async def test_nothing_hidden_travels(heard: Heard) -> None:
    caller, receiver = heard
    await caller.intent()
    await receiver.until(3)
    assert all(b'"_' not in raw and b"4242424242424242" not in raw for raw, _ in receiver.raw)


async def test_a_refused_webhook_comes_again(heard: Heard) -> None:
    caller, receiver = heard
    receiver.refuse = 1
    await _only(caller, "charge.succeeded")
    await caller.intent()

    await receiver.until(1)

    assert len(receiver.raw) == 2
    [row] = (await caller.control("GET", "/webhooks/deliveries"))["deliveries"]
    assert (row["attempts"], row["state"], row["answer"]) == (2, "delivered", "200")


async def test_a_webhook_can_come_twice(heard: Heard) -> None:
    caller, receiver = heard
    await _only(caller, "charge.succeeded", copies=2)
    await caller.intent()
    await receiver.until(2)
    assert receiver.events[0]["id"] == receiver.events[1]["id"]


async def test_webhooks_can_be_held_and_released_backwards(heard: Heard) -> None:
    caller, receiver = heard
    await caller.control("PUT", "/webhooks", {"hold": True})
    await caller.intent()
    await asyncio.sleep(0.1)
    assert receiver.events == []

    released = await caller.control("POST", "/webhooks/release", {"order": "reversed"})

    await receiver.until(3)
    assert (released["released"], receiver.types) == (3, OF_A_HOLD[::-1])


async def test_webhooks_can_be_reordered_as_they_come(heard: Heard) -> None:
    caller, receiver = heard
    await caller.control("PUT", "/webhooks", {"reorder": 3})
    await caller.intent()
    await receiver.until(3)
    assert receiver.types == OF_A_HOLD[::-1]


async def test_a_webhook_can_come_late(heard: Heard) -> None:
    caller, receiver = heard
    await _only(caller, "charge.succeeded", delay=0.4)
    await caller.intent()
    await asyncio.sleep(0.15)
    early = len(receiver.events)
    await receiver.until(1)
    assert early == 0


async def test_a_webhook_can_come_before_the_answer(heard: Heard) -> None:
    caller, receiver = heard
    await caller.control("POST", "/faults", {"kind": "delay_after", "seconds": 1})
    call = asyncio.create_task(caller.intent())
    await receiver.until(3)
    assert not call.done()
    assert (await call)[0] == 200


async def test_a_webhook_can_tell_another_amount_once(heard: Heard) -> None:
    caller, receiver = heard
    policy = {"amount": 1, "times": 1, "types": ["payment_intent.amount_capturable_updated"]}
    await _only(caller, policy["types"][0], **policy)  # type: ignore[index]
    for _ in range(2):
        await caller.intent()
    await receiver.until(2)
    assert sorted(event["data"]["object"]["amount"] for event in receiver.events) == [1, 1000]


async def test_an_old_signature_is_old(heard: Heard) -> None:
    caller, receiver = heard
    await _only(caller, "charge.succeeded", age=301)
    await caller.intent()
    await receiver.until(1)
    raw, header = receiver.raw[0]
    with pytest.raises(SignatureStale):
        verified(raw, header, [SECRET], datetime.now(UTC))


async def test_what_is_written_anew_no_longer_fits_its_signature(heard: Heard) -> None:
    caller, receiver = heard
    await _only(caller, "charge.succeeded")
    await caller.intent()
    await receiver.until(1)
    raw, header = receiver.raw[0]
    with pytest.raises(SignatureWrong):
        verified(json.dumps(json.loads(raw)).encode(), header, [SECRET], datetime.now(UTC))


async def test_an_event_can_be_sent_again_by_its_id(heard: Heard) -> None:
    caller, receiver = heard
    await _only(caller, "charge.succeeded")
    await caller.intent()
    await receiver.until(1)
    await caller.control("POST", "/webhooks/resend", {"event": receiver.events[0]["id"]})
    await receiver.until(2)
    assert receiver.events[0] == receiver.events[1]


async def test_each_endpoint_has_its_own_secret_and_types(heard: Heard) -> None:
    caller, receiver = heard
    other = Receiver()
    with serving(other.app()) as hook:
        _, made = await caller.post(
            "/webhook_endpoints", {"url": f"{hook}/hook", "enabled_events[]": "payment_intent.canceled"}
        )
        other.secret = made["secret"]
        _, held = await caller.intent()
        await caller.post(f"/payment_intents/{held['id']}/cancel")
        await other.until(1)
        await receiver.until(5)
    assert other.types == ["payment_intent.canceled"]
    _, shown = await caller.get(f"/webhook_endpoints/{made['id']}")
    assert "secret" not in shown
    await caller.http.delete(f"/v1/webhook_endpoints/{made['id']}")
    assert (await caller.get(f"/webhook_endpoints/{made['id']}"))[0] == 404


async def test_a_policy_with_an_unknown_field_is_refused(heard: Heard) -> None:
    caller, _ = heard
    answer = await caller.http.put("/_control/webhooks", json={"colour": "red"})
    assert answer.status_code == 400
