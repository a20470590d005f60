"""What decisions about an order need to know of its past."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import UUID

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
    Reservation,
)
from write_model.order.transitions import CANCELLED, CONFIRMED, EXPIRED, NONE, PENDING

AUTHORIZED, PARTIALLY_PAID, PAID, OVERPAID = "AUTHORIZED", "PARTIALLY_PAID", "PAID", "OVERPAID"
PARTIALLY_REFUNDED, REFUNDED, VOIDED = "PARTIALLY_REFUNDED", "REFUNDED", "VOIDED"
ACTION_REQUIRED, FAILED, UNKNOWN = "ACTION_REQUIRED", "FAILED", "UNKNOWN"

UNFULFILLED, FULFILLED, DELIVERED = "UNFULFILLED", "FULFILLED", "DELIVERED"
PREPARED = "PARTIALLY_FULFILLED"

# What the statuses of the other system mean here: lifecycle and fulfilment.
ORIGIN_STATUSES: Mapping[str, tuple[str, str]] = {
    "created": (PENDING, UNFULFILLED),
    "approved": (CONFIRMED, UNFULFILLED),
    "processing": (CONFIRMED, UNFULFILLED),
    "invoiced": (CONFIRMED, UNFULFILLED),
    "shipped": (CONFIRMED, FULFILLED),
    "delivered": (CONFIRMED, DELIVERED),
    "unavailable": (CANCELLED, UNFULFILLED),
    "canceled": (CANCELLED, UNFULFILLED),
}


@dataclass(frozen=True, slots=True)
class Order:
    order_id: UUID | None = None
    customer_id: UUID | None = None
    payment_id: UUID | None = None  # None also for an adopted order: its payments are streams of their own
    cart_id: UUID | None = None
    lifecycle: str = NONE
    number: str = ""
    market: str = ""
    locale: str = ""
    currency: str = ""
    total_minor: int = 0
    authorized_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    attempt: str = NONE  # how the authorisation stands while no amount says more
    reservations: tuple[Reservation, ...] = ()
    refunds: frozenset[UUID] = frozenset()
    failed_refunds: frozenset[UUID] = frozenset()
    fulfillment: str = UNFULFILLED
    returned: str = NONE
    reason: str | None = None
    decline_code: str | None = None
    client_action: str | None = None
    origin_status: str | None = None
    adopted_lines: Mapping[int, ItemAdopted] = field(default_factory=dict)

    @property
    def payment_status(self) -> str:
        """Derived from the amounts; where they say nothing, from the last attempt."""
        if self.refunded_minor:
            return REFUNDED if self.refunded_minor >= self.captured_minor else PARTIALLY_REFUNDED
        if self.captured_minor > self.total_minor:
            return OVERPAID
        if self.captured_minor:
            return PAID if self.captured_minor == self.total_minor else PARTIALLY_PAID
        return self.attempt


def evolve(order: Order, event: OrderEvent) -> Order:
    match event:
        case OrderPlaced():
            return _placed(event)
        case OrderPaymentAuthorized():
            return replace(order, authorized_minor=event.amount_minor, attempt=AUTHORIZED, client_action=None)
        case OrderPaymentDeclined():
            return replace(order, attempt=FAILED, decline_code=event.decline_code, client_action=None)
        case OrderPaymentActionRequired():
            return replace(order, attempt=ACTION_REQUIRED, client_action=event.client_action)
        case OrderPaymentOutcomeUnknown():
            return replace(order, attempt=UNKNOWN)
        case OrderConfirmed():
            return replace(order, lifecycle=CONFIRMED)
        case OrderPaymentCaptured():
            return replace(order, captured_minor=event.amount_minor)
        case OrderPaymentVoided():
            return replace(order, authorized_minor=0, attempt=VOIDED, client_action=None)
        case RefundCompleted():
            refunds, refunded = order.refunds | {event.refund_id}, order.refunded_minor + event.amount_minor
            return replace(order, refunds=refunds, refunded_minor=refunded)
        case RefundFailed():
            return replace(order, failed_refunds=order.failed_refunds | {event.refund_id})
        case OrderCancelled():
            declined = event.decline_code or order.decline_code
            return replace(order, lifecycle=CANCELLED, reason=event.reason, decline_code=declined, client_action=None)
        case OrderExpired():
            return replace(order, lifecycle=EXPIRED, reason=event.reason, client_action=None)
        case OrderAdopted():
            return _adopted(event)
        case ItemAdopted():
            lines, added = {**order.adopted_lines, event.line: event}, event.price_minor + event.freight_minor
            return replace(order, adopted_lines=lines, total_minor=order.total_minor + added)
        case _:
            assert_never(event)


def _placed(event: OrderPlaced) -> Order:
    return Order(
        order_id=event.order_id,
        customer_id=event.customer_id,
        payment_id=event.payment_id,
        cart_id=event.cart_id,
        lifecycle=PENDING,
        number=event.number,
        market=event.market,
        locale=event.locale,
        currency=event.totals.currency,
        total_minor=event.totals.total_minor,
        reservations=event.reservations,
    )


def _adopted(event: OrderAdopted) -> Order:
    lifecycle, fulfillment = ORIGIN_STATUSES[event.origin_status]
    return Order(
        order_id=event.order_id,
        customer_id=event.customer_id,
        lifecycle=lifecycle,
        number=event.number,
        currency=event.currency,
        fulfillment=fulfillment,
        origin_status=event.origin_status,
    )
