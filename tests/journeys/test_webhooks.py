"""What the provider tells us may come twice, backwards, early, late, or from somebody else: is there one outcome?"""

import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from typing import Any
from uuid import uuid4

import pytest

from tests.kit.client import PREFIX, eventually
from tests.kit.platform import ROOT, base_of_free_ports
from tests.kit.shop import Bought, Shop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

HELD = "payment_intent.amount_capturable_updated"


async def test_told_three_times_and_backwards_it_is_still_one_payment(lonely_shop: Shop) -> None:
    shop = lonely_shop
    await shop.provider.webhooks(hold=True, copies=3)
    bought = await shop.buy(await shop.variant(), wait=5)
    await bought.paid()
    before = await _payment_events(bought)

    assert await shop.provider.release("reversed") >= 6
    await shop.provider.delivered()

    recorded = await _recorded(bought)
    assert len(recorded) == len({each.provider_event_id for each in recorded}) >= 2
    await _settled(bought, "CONFIRMED", kept=bought.total)
    assert await _payment_events(bought) == before


async def test_told_before_our_own_call_returns_it_goes_on_at_once(lonely_shop: Shop) -> None:
    shop = lonely_shop
    await shop.provider.fault("delay_after", "payment_intents.create", seconds=2.5)

    bought = await shop.buy(await shop.variant(), wait=5)

    assert bought.placed.body["status"] == "CONFIRMED"
    await bought.paid()
    await eventually(lambda: _is_quiet(bought))
    await _settled(bought, "CONFIRMED", kept=bought.total)
    assert (await _payment_events(bought)).count("AuthorizationSucceeded") == 1


async def test_an_authorisation_that_is_told_after_the_cancellation_goes_back_once(lonely_shop: Shop) -> None:
    shop = lonely_shop
    await shop.provider.webhooks(hold=True)
    await shop.provider.fault("drop_after", "payment_intents.create")
    variant = await shop.variant(stock=3)
    bought = await shop.buy(variant, wait=None)
    await _cancel(bought)

    await shop.provider.release()
    await shop.provider.webhooks()
    await shop.provider.delivered()

    await eventually(lambda: _holds_nothing(bought))
    await _settled(bought, "CANCELLED", kept=0)
    assert [entry["kind"] for entry in await shop.provider.ledger(bought.id)] == ["authorised", "voided"]
    assert await shop.available(variant) == 3


async def test_money_taken_after_the_cancellation_is_given_back_once(lonely_shop: Shop) -> None:
    shop = lonely_shop
    await shop.provider.webhooks(hold=True)
    await shop.provider.fault("drop_after", "payment_intents.capture")
    bought = await shop.buy(await shop.variant(), wait=5)
    await eventually(lambda: _moved(bought, "captured"))
    await _cancel(bought)

    await shop.provider.webhooks()
    await shop.provider.release()
    await shop.provider.delivered()

    await bought.becomes(lambda order: order["paymentStatus"] == "REFUNDED", 40)
    await _settled(bought, "CANCELLED", kept=0)
    assert [entry["kind"] for entry in await shop.provider.ledger(bought.id)] == ["authorised", "captured", "refunded"]


async def test_another_amount_than_ours_ends_the_order_and_the_money_goes_back(lonely_shop: Shop) -> None:
    shop = lonely_shop
    await shop.provider.fault("alter_amount", "payment_intents.create", amount=1)
    variant = await shop.variant(stock=3)

    bought = await shop.buy(variant, wait=5)

    await eventually(lambda: _holds_nothing(bought))
    await _settled(bought, "CANCELLED", kept=0)
    assert await shop.available(variant) == 3
    assert "AmountMismatchFound" in await _payment_events(bought)


async def test_a_message_that_tells_another_amount_leaves_one_outcome(lonely_shop: Shop) -> None:
    shop = lonely_shop
    await shop.provider.webhooks(types=[HELD], amount=1, times=1)
    await shop.provider.fault("delay_after", "payment_intents.create", seconds=2.5)  # the message comes first

    bought = await shop.buy(await shop.variant(), wait=5)

    await eventually(lambda: _is_quiet(bought))
    await eventually(lambda: _holds_nothing(bought), seconds=40)
    await _settled(bought, "CANCELLED", kept=0)


@pytest.mark.parametrize("forged", ["reserialised", "old", "empty secret", "wrong secret", "unsigned", "garbled"])
async def test_what_is_not_signed_by_the_provider_is_stored_nowhere(lonely_shop: Shop, forged: str) -> None:
    shop = lonely_shop
    secret = shop.platform.settings.stripe.webhook_secrets()[0]
    event = _event()
    body, at = json.dumps(event, indent=2).encode(), int(time.time())
    signature = {
        "reserialised": _signature(secret, json.dumps(event).encode(), at),
        "old": _signature(secret, body, at - 301),
        "empty secret": _signature("", body, at),
        "wrong secret": _signature("whsec_wrong", body, at),
        "unsigned": None,
        "garbled": "t=now,v1=zz",
    }[forged]
    headers = {"content-type": "application/json", **({} if signature is None else {"stripe-signature": signature})}
    before = await shop.write.reader.head()

    answer = await shop.http.post(f"{shop.urls['rest']}{PREFIX}/webhooks/stripe", content=body, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (400, "edge.webhook_refused")
    assert await shop.write.reader.head() == before
    assert str(event["id"]).encode() not in _logs(shop)


async def test_the_same_body_with_the_right_signature_is_believed(lonely_shop: Shop) -> None:
    shop = lonely_shop
    secret = shop.platform.settings.stripe.webhook_secrets()[0]
    event = _event()
    body = json.dumps(event, indent=2).encode()
    headers = {"content-type": "application/json", "stripe-signature": _signature(secret, body, int(time.time()))}
    before = await shop.write.reader.head()

    for _ in range(3):
        answer = await shop.http.post(f"{shop.urls['rest']}{PREFIX}/webhooks/stripe", content=body, headers=headers)
        assert answer.status_code == 200

    assert await shop.write.reader.head() == before + 1


def test_without_a_webhook_secret_the_api_refuses_to_start(shop: Shop) -> None:
    environment = {
        **os.environ,
        "TELOCOMPRO_DATA": str(shop.platform.data),
        "TELOCOMPRO_PORT_BASE": str(base_of_free_ports()),
        "TELOCOMPRO_STRIPE_WEBHOOK_SECRET": "",
    }

    started = subprocess.run(
        [sys.executable, "-m", "read_api.main_http"], cwd=ROOT, env=environment, capture_output=True, timeout=30
    )

    assert started.returncode != 0
    assert b"TELOCOMPRO_STRIPE_WEBHOOK_SECRET" in started.stderr + started.stdout
    assert b"ready" not in started.stdout


def _event() -> dict[str, object]:
    """Of a payment that is not ours."""
    about = {"id": "pi_1", "object": "payment_intent", "amount": 100, "currency": "usd", "metadata": {}}
    return {"id": f"evt_{uuid4().hex}", "type": HELD, "created": int(time.time()), "data": {"object": about}}


def _signature(secret: str, body: bytes, at: int) -> str:
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"


def _logs(shop: Shop) -> bytes:
    return b"".join(file.read_bytes() for file in (shop.platform.data / "logs").glob("http*"))


async def _cancel(bought: Bought) -> None:
    path = f"/orders/{bought.id}/cancel"
    await bought.customer.expect(200, "POST", path, {"reason": "changed my mind"}, key=uuid4().hex)


async def _payment_events(bought: Bought) -> list[str]:
    return [type(event).__name__ for event in await bought.shop.events(f"payment-{bought.payment_id}")]


async def _recorded(bought: Bought) -> list[Any]:
    """What the provider told us of this order."""
    stored = await bought.shop.write.reader.read(0, 10_000_000, types=["provider_event.recorded"])
    events = [envelope.event for envelope in await bought.shop.write.decode(stored)]
    return [event for event in events if str(getattr(event, "order_id", None)) == bought.id]


async def _settled(bought: Bought, status: str, kept: int) -> None:
    """One final state in the order, and the provider's books agree."""
    assert (await bought.shop.order_state(bought.id))["status"] == status
    balance = await bought.shop.provider.balance(bought.id)
    assert (balance["held"], balance["kept"], len(balance["intents"])) == (0, kept, 1)


async def _moved(bought: Bought, kind: str) -> bool | None:
    return any(entry["kind"] == kind for entry in await bought.shop.provider.ledger(bought.id)) or None


async def _holds_nothing(bought: Bought) -> bool | None:
    """No effect of the order is under way, and no money is held or kept."""
    balance = await bought.shop.provider.balance(bought.id)
    is_even = bool(balance) and balance["held"] == 0 and balance["kept"] == 0
    return (is_even and await _is_quiet(bought)) or None


async def _is_quiet(bought: Bought) -> bool | None:
    async with bought.shop.write.pool.connection() as connection:
        cursor = await connection.execute(
            "select count(*) from work.outbox where key = %s and state in ('REQUESTED', 'LEASED')", (bought.id,)
        )
        row = await cursor.fetchone()
    return (row is not None and row[0] == 0) or None
