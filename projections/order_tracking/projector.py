"""Keeps an order's whole story: what was bought, how it stands, what was paid, and each event of it."""

from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from infra.ports import Copy
from projections.order_tracking.beginning import adopted, placed, with_item
from projections.order_tracking.timeline import entry
from projections.order_tracking.view import SOURCE, OrderPayment, OrderTracking, Reason
from projections.running.copying import document_copy
from projections.running.payment_amounts import PAYMENT_EVENTS, moved, opened
from projections.running.projection import HOUR, Projection
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
from write_model.order.public import standing, status_of
from write_model.payment.events import PaymentAdopted, PaymentCreated, PaymentEvent

Heard = OrderEvent | PaymentEvent

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
    *PAYMENT_EVENTS,
)


def key(envelope: Envelope[Heard]) -> Sequence[str]:
    return (str(envelope.event.order_id),)


def project(order: OrderTracking | None, envelope: Envelope[Heard], key: str) -> OrderTracking | None:
    changed = _changed(order, envelope)
    return None if changed is None else replace(changed, timeline=(*changed.timeline, entry(envelope)))


def _changed(order: OrderTracking | None, envelope: Envelope[Heard]) -> OrderTracking | None:
    event = envelope.event
    if isinstance(event, OrderPlaced):
        return _standing(placed(envelope, event), None, envelope)
    if isinstance(event, OrderAdopted):
        return _standing(adopted(envelope, event), None, envelope)
    if order is None:
        return None  # a payment of an order that is not known
    if isinstance(event, PAYMENT_EVENTS):
        return replace(order, payments=_payments(order.payments, event))
    if isinstance(event, ItemAdopted):
        return _standing(with_item(order, event), order, envelope)
    if isinstance(event, OrderCancelled | OrderExpired):
        declined = event.decline_code if isinstance(event, OrderCancelled) else None
        earlier = None if order.reason is None else order.reason.decline_code
        note = event.note if isinstance(event, OrderCancelled) else None
        reason = Reason(code=event.reason, decline_code=declined or earlier, note=note)
        return _standing(replace(order, reason=reason, client_action=None), order, envelope)
    if isinstance(event, OrderPaymentDeclined):
        declined_for = Reason(code="payment.declined", decline_code=event.decline_code)
        return _standing(replace(order, reason=declined_for, client_action=None), order, envelope)
    if isinstance(event, OrderPaymentActionRequired):
        return _standing(replace(order, client_action=event.client_action), order, envelope)
    if isinstance(event, OrderPaymentAuthorized | OrderPaymentVoided):
        return _standing(replace(order, client_action=None), order, envelope)
    return _standing(order, order, envelope)


def _standing(order: OrderTracking, before: OrderTracking | None, envelope: Envelope[Heard]) -> OrderTracking:
    """How it stands, as the order's own room derives it for everybody."""
    seen = standing(None if before is None else _seen(before), envelope.event)  # type: ignore[arg-type]  # order events
    return replace(
        order,
        version=envelope.version,
        lifecycle=seen.lifecycle,
        fulfillment_status=seen.fulfillment,
        return_status=seen.returned,
        payment_attempt=seen.attempt,
        payment_status=seen.payment_status,
        status=status_of(seen),
        authorized_minor=seen.authorized_minor,
        captured_minor=seen.captured_minor,
        refunded_minor=seen.refunded_minor,
    )


def _seen(order: OrderTracking) -> Mapping[str, object]:
    return {
        "number": order.number,
        "lifecycle": order.lifecycle,
        "attempt": order.payment_attempt,
        "fulfillment": order.fulfillment_status,
        "returned": order.return_status,
        "total_minor": order.totals.total_minor,
        "authorized_minor": order.authorized_minor,
        "captured_minor": order.captured_minor,
        "refunded_minor": order.refunded_minor,
    }


def _payments(payments: tuple[OrderPayment, ...], event: PaymentEvent) -> tuple[OrderPayment, ...]:
    payment_id = str(event.payment_id)
    if isinstance(event, PaymentCreated | PaymentAdopted):
        others = [payment for payment in payments if payment.id != payment_id]
        return tuple(sorted([*others, OrderPayment(**opened(event))], key=lambda payment: payment.sequence))  # type: ignore[arg-type]  # the fields' own types
    return tuple(moved(payment, event) if payment.id == payment_id else payment for payment in payments)


def streams(key: str, order: OrderTracking | None) -> Collection[str]:
    """Its own, and those of the payments that it names."""
    named = [f"order-{key}"]
    if order is not None:
        named += [f"payment-{order.payment_id}"] if order.payment_id is not None else []
        named += [f"payment-{payment.id}" for payment in order.payments]
    return tuple(dict.fromkeys(named))


def columns(order: OrderTracking) -> Mapping[str, object]:
    return {
        "number": order.number,
        "customer_id": order.customer_id,
        "status": order.status,
        "placed_at": order.placed_at,
        "total_minor": order.totals.total_minor,
        "currency": order.currency,
        "origin": None if order.origin is None else "import",
    }


def rows(order: OrderTracking) -> Mapping[str, Sequence[Mapping[str, object]]]:
    items = [
        {
            "order_id": order.id,
            "line": line.id,
            "product_id": line.product_id,
            "variant_id": line.variant_id,
            "quantity": line.quantity,
            "unit_price_minor": line.unit_price_minor,
            "discount_minor": line.discount_minor,
            "tax_minor": line.tax_minor,
            "freight_minor": line.freight_minor,
            "total_minor": line.total_minor,
        }
        for line in order.lines
    ]
    return {"order_items": items}


def copies(order: OrderTracking | None, key: str, position: int) -> Sequence[Copy]:
    return (document_copy(f"order:{key}", position, order, HOUR),)


ORDER_TRACKING: Projection[OrderTracking] = Projection(
    name="order_tracking",
    source=SOURCE,
    handles=HANDLES,
    key=key,
    project=project,
    columns=columns,
    rows=rows,
    children=("order_items",),
    copies=copies,
    nudge="moved:orders",
    streams=streams,
    indexes=((("customerId", 1), ("placedAt", -1)), (("status", 1), ("placedAt", -1))),
)
