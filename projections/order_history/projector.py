"""Keeps one entry per order, as its customer's list shows it."""

from collections.abc import Sequence

from msgspec.structs import replace

from projections.order_history.view import SOURCE, TITLES, Parts
from projections.running.projection import Projection, rfc3339
from write_model.kernel.message import Envelope
from write_model.order.events import (
    ItemAdopted,
    OrderAdopted,
    OrderCancelled,
    OrderConfirmed,
    OrderEvent,
    OrderExpired,
    OrderPaymentActionRequired,
    OrderPaymentAuthorized,
    OrderPaymentCaptured,
    OrderPaymentDeclined,
    OrderPaymentOutcomeUnknown,
    OrderPaymentVoided,
    OrderPlaced,
    RefundCompleted,
    RefundFailed,
)
from write_model.order.public import kept, standing, status_of

HANDLES = (
    OrderPlaced,
    OrderPaymentAuthorized,
    OrderPaymentDeclined,
    OrderPaymentActionRequired,
    OrderPaymentOutcomeUnknown,
    OrderConfirmed,
    OrderPaymentCaptured,
    OrderPaymentVoided,
    RefundCompleted,
    RefundFailed,
    OrderCancelled,
    OrderExpired,
    OrderAdopted,
    ItemAdopted,
)


def key(envelope: Envelope[OrderEvent]) -> Sequence[str]:
    return (str(envelope.event.order_id),)


def project(entry: Parts | None, envelope: Envelope[OrderEvent], key: str) -> Parts | None:
    event = envelope.event
    match event:
        case OrderPlaced():
            changed = _placed(envelope, event)
        case OrderAdopted():
            changed = _adopted(envelope, event)
        case ItemAdopted() if entry is not None:
            total = entry.total_minor + event.price_minor + event.freight_minor
            changed = replace(entry, total_minor=total, items=entry.items + 1)
        case _ if entry is None:
            return None
        case _:
            changed = entry
    seen = standing(None if entry is None else entry.seen, event)
    return replace(changed, seen=kept(seen), payment_status=seen.payment_status, status=status_of(seen))


def _placed(envelope: Envelope[OrderEvent], event: OrderPlaced) -> Parts:
    return Parts(
        id=str(event.order_id),
        number=event.number,
        customer_id=str(event.customer_id),
        status="PLACED",
        payment_status="NONE",
        placed_at=rfc3339(envelope.effective_at),
        currency=event.totals.currency,
        total_minor=event.totals.total_minor,
        items=sum(line.quantity for line in event.lines),
        titles=tuple(line.titles for line in event.lines[:TITLES]),
    )


def _adopted(envelope: Envelope[OrderEvent], event: OrderAdopted) -> Parts:
    return Parts(
        id=str(event.order_id),
        number=event.number,
        customer_id=str(event.customer_id),
        status="",
        payment_status="NONE",
        placed_at=rfc3339(envelope.effective_at),
        currency=event.currency,
        total_minor=0,
        items=0,
        imported=True,
    )


ORDER_HISTORY: Projection[Parts] = Projection(
    name="order_history",
    source=SOURCE,
    handles=HANDLES,
    key=key,
    project=project,
    indexes=((("customerId", 1), ("placedAt", -1), ("_id", -1)),),
)
