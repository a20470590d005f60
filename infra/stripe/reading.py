"""What do Stripe's objects say in our words? Allow-listed fields, so that nothing else of theirs gets further."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from infra.ports import Charge, ChargeState, RefundResult

STATES = {
    "requires_payment_method": ChargeState.FAILED,
    "requires_confirmation": ChargeState.PROCESSING,
    "requires_action": ChargeState.REQUIRES_ACTION,
    "processing": ChargeState.PROCESSING,
    "requires_capture": ChargeState.AUTHORISED,
    "succeeded": ChargeState.CAPTURED,
    "canceled": ChargeState.CANCELLED,
}
NOT_PAID = "payment_method_required"  # our code for an intent that waits for another card
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """What a webhook told. `amount_minor` is of the object that the event is about: look at `type` first."""

    provider_event_id: str
    type: str
    created_at: datetime
    payment_ref: str | None
    order_id: UUID | None
    payment_id: UUID | None
    status: str | None
    amount_minor: int | None
    captured_minor: int | None
    currency: str | None
    decline_code: str | None
    client_action: str | None


class UnreadableEvent(Exception):
    """A verified body that is no event of Stripe's."""


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def charge(intent: Body) -> Charge:
    """A payment intent, best with `latest_charge.balance_transaction` expanded."""
    latest = intent.get("latest_charge")
    latest = latest if isinstance(latest, Mapping) else {}
    state = STATES.get(intent["status"], ChargeState.PROCESSING)
    captured = intent["amount_received"]
    return Charge(
        ref=intent["id"],
        order_id=_uuid(intent, "order_id"),
        state=state,
        amount_minor=intent["amount"],
        captured_minor=captured,
        refunded_minor=latest.get("amount_refunded", 0) if captured else 0,  # an ended hold looks like a refund
        currency=intent["currency"].upper(),
        at=moment(_newest(intent, latest)),
        decline_code=_decline_code(intent) or NOT_PAID if state is ChargeState.FAILED else None,
        client_action=client_action(intent) if state is ChargeState.REQUIRES_ACTION else None,
    )


def refund(body: Body) -> RefundResult:
    """Pending is on its way: a later failure is told by webhook."""
    failed = body["status"] in ("failed", "canceled")
    return RefundResult(
        ref=body["id"],
        succeeded=not failed,
        amount_minor=body["amount"],
        at=moment(body["created"]),
        code=(body.get("failure_reason") or body["status"]) if failed else None,
    )


def facts(event: Body) -> ProviderFacts:
    """A verified event. Raises UnreadableEvent; an unknown type is none of its concerns."""
    try:
        about = event["data"]["object"]
        kind = about["object"]
        is_intent = kind == "payment_intent"
        return ProviderFacts(
            provider_event_id=_text(event["id"]),
            type=_text(event["type"]),
            created_at=moment(event["created"]),
            payment_ref=about["id"] if is_intent else about.get("payment_intent"),
            order_id=_uuid(about, "order_id"),
            payment_id=_uuid(about, "payment_id"),
            status=about.get("status"),
            amount_minor=about.get("amount"),
            captured_minor=about.get("amount_received" if is_intent else "amount_captured"),
            currency=about["currency"].upper() if about.get("currency") else None,
            decline_code=_decline_code(about) or about.get("failure_code"),
            client_action=client_action(about) if is_intent else None,
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, OSError) as wrong:
        raise UnreadableEvent(type(wrong).__name__) from wrong


def order_of(intent: Body) -> UUID | None:
    """The order that our metadata names."""
    return _uuid(intent, "order_id")


def payment_of(intent: Body) -> UUID | None:
    """The payment that our metadata names."""
    return _uuid(intent, "payment_id")


def key_of(refund: Body) -> str | None:
    """The idempotency key that our metadata names: the first of its row."""
    key: str | None = (refund.get("metadata") or {}).get("key")
    return key


def client_action(intent: Body) -> str | None:
    """Where the customer goes on. A page whose address holds a secret is not told: that would be stored for ever."""
    action = intent.get("next_action")
    if not action:
        return None
    url: str = (action.get("redirect_to_url") or {}).get("url") or ""
    if url and not any("secret" in name for name in parse_qs(urlsplit(url).query)):
        return url
    return f"{action['type']}:{intent['id']}"


def _newest(intent: Body, latest: Body) -> int:
    moved = latest.get("balance_transaction")
    times: list[int] = [intent["created"], intent.get("canceled_at") or 0, latest.get("created", 0)]
    if isinstance(moved, Mapping):
        times.append(moved["created"])
    return max(times)


def _decline_code(intent: Body) -> str | None:
    error = intent.get("last_payment_error") or {}
    code: str | None = error.get("decline_code") or error.get("code")
    return code


def _uuid(about: Body, name: str) -> UUID | None:
    try:
        return UUID((about.get("metadata") or {})[name])
    except (KeyError, ValueError, AttributeError, TypeError):
        return None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text is expected")
    return value
