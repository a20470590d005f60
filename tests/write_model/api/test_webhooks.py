"""What the provider tells is believed when its raw body is signed, and kept once; anything else is stored nowhere."""

import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from infra.stripe.webhook import SecretMissing
from tests.write_model.api.shop import WEBHOOK_SECRET, Answer, Shop, at_once, open_shop, signed
from write_model.main import webhook

ORDER = UUID(int=5)
CANARY = "canary@example.com"


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop() as opened:
        yield opened


def event(event_id: str = "evt_1", **changes: object) -> bytes:
    """An event as the provider sends it, with more in it than we want to know."""
    intent = {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "requires_capture",
        "amount": 3412,
        "amount_received": 0,
        "currency": "usd",
        "metadata": {"order_id": str(ORDER), "payment_id": str(UUID(int=6))},
        "receipt_email": CANARY,
        "client_secret": "pi_1_secret_canary",
        **changes,
    }
    body = {"id": event_id, "type": "payment_intent.amount_capturable_updated", "created": 1_772_460_000}
    return json.dumps({**body, "data": {"object": intent}}).encode()


async def told(shop: Shop, raw: bytes, header: str | None) -> Answer:
    headers = {} if header is None else {"Stripe-Signature": header}
    return await shop.send("POST", "/webhooks/stripe", raw=raw, headers=headers)


def now(shop: Shop) -> int:
    return int(shop.world.clock._now.timestamp())


async def test_an_event_is_kept_once_with_the_allowed_fields_only(shop: Shop) -> None:
    raw = event()
    answers = await at_once(*(told(shop, raw, signed(raw, now(shop))) for _ in range(5)))
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"received": True})] * 5
    (row,) = await shop.world.rows()
    assert row.type == "provider_event.recorded"
    kept = json.loads(row.payload)
    assert (kept["payment_ref"], kept["order_id"], kept["amount_minor"], kept["currency"]) == (
        "pi_1",
        str(ORDER),
        3412,
        "USD",
    )
    assert b"canary" not in row.payload


async def test_an_unknown_type_of_event_is_kept_too(shop: Shop) -> None:
    raw = json.dumps(
        {"id": "evt_9", "type": "radar.something", "created": 1_772_460_000, "data": {"object": {"object": "radar"}}}
    ).encode()
    assert (await told(shop, raw, signed(raw, now(shop)))).status_code == 200
    assert (await shop.world.rows())[0].stream.startswith("provider_event-")


async def test_what_is_not_signed_lately_over_exactly_these_bytes_is_stored_nowhere(shop: Shop) -> None:
    raw, at = event(), now(shop)
    again = json.dumps(json.loads(raw), indent=1).encode()
    for body, header in (
        (raw, None),
        (raw, ""),
        (raw, "t=1,v1=00"),
        (again, signed(raw, at)),  # serialised again
        (raw, signed(raw, at - 301)),
        (raw, signed(raw, at, "whsec_wrong")),
        (raw, signed(raw, at, "")),
        (b"[]", signed(b"[]", at)),
        (b"\xff", signed(b"\xff", at)),
    ):
        answer = await told(shop, body, header)
        assert (answer.status_code, answer.json()["code"]) == (400, "edge.webhook_refused")
    assert await shop.world.log.head() == 0


async def test_words_and_figures_that_are_none_are_left_out(shop: Shop) -> None:
    raw = event(status=5, amount="much", currency="u" * 300, metadata={"order_id": "x"})
    assert (await told(shop, raw, signed(raw, now(shop)))).status_code == 200
    kept = json.loads((await shop.world.rows())[0].payload)
    assert [kept[name] for name in ("status", "amount_minor", "currency", "order_id")] == [None] * 4


async def test_a_huge_webhook_is_refused(shop: Shop) -> None:
    raw = event(description="x" * 300_000)
    assert (await told(shop, raw, signed(raw, now(shop)))).status_code == 413


@pytest.mark.parametrize("secrets", [[], [""], ["  "], [WEBHOOK_SECRET, ""]])
def test_without_a_secret_nothing_starts(secrets: list[str]) -> None:
    with pytest.raises(SecretMissing):
        webhook(secrets)


async def test_a_customers_token_changes_nothing_about_a_webhook(shop: Shop) -> None:
    answer = await shop.send("POST", "/webhooks/stripe", raw=event(), token=shop.token(uuid4(), "superadmin"))
    assert answer.status_code == 400
