"""One order: what is recorded of its money, and what another system knew of it.

Placing, confirming and ending it concern several aggregates: `checkout` decides them with this table of states.
"""

from collections.abc import Sequence
from typing import TypedDict, assert_never
from uuid import UUID

from write_model.kernel.decider import Decider
from write_model.kernel.message import Context
from write_model.kernel.refused import Kind, Refused
from write_model.order.commands import (
    AdoptItem,
    AdoptOrder,
    OrderCommand,
    RecordPaymentActionRequired,
    RecordPaymentAuthorized,
    RecordPaymentCaptured,
    RecordPaymentDeclined,
    RecordPaymentOutcomeUnknown,
    RecordPaymentVoided,
    RecordRefundCompleted,
    RecordRefundFailed,
)
from write_model.order.events import (
    ItemAdopted,
    OrderAdopted,
    OrderEvent,
    OrderPaymentActionRequired,
    OrderPaymentAuthorized,
    OrderPaymentCaptured,
    OrderPaymentDeclined,
    OrderPaymentOutcomeUnknown,
    OrderPaymentVoided,
    RefundCompleted,
    RefundFailed,
)
from write_model.order.numbers import order_number
from write_model.order.state import ACTION_REQUIRED, AUTHORIZED, FAILED, ORIGIN_STATUSES, UNKNOWN, VOIDED, evolve
from write_model.order.state import Order as Order
from write_model.order.transitions import CONFIRMED, NONE, check


class Unknown(Refused):
    code = "order.unknown"
    kind = Kind.MISSING


class PaymentDiffers(Refused):
    code = "order.payment_differs"


class AmountInvalid(Refused):
    code = "order.amount_invalid"
    kind = Kind.INVALID


class AdoptedDifferently(Refused):
    code = "order.adopted_differently"


class OriginStatusUnknown(Refused):
    code = "order.origin_status_unknown"
    kind = Kind.INVALID


def decide(command: OrderCommand, order: Order, context: Context) -> Sequence[OrderEvent]:
    match command:
        case RecordPaymentAuthorized():
            return authorized(command, order)
        case RecordPaymentDeclined():
            return declined(command, order)
        case RecordPaymentActionRequired():
            return action_required(command, order)
        case RecordPaymentOutcomeUnknown():
            return outcome_unknown(command, order)
        case RecordPaymentCaptured():
            return captured(command, order)
        case RecordPaymentVoided():
            return voided(command, order)
        case RecordRefundCompleted():
            return refund_completed(command, order)
        case RecordRefundFailed():
            return refund_failed(command, order)
        case AdoptOrder():
            return adopt(command, order)
        case AdoptItem():
            return adopt_item(command, order)
        case _:
            assert_never(command)


def authorized(command: RecordPaymentAuthorized, order: Order) -> Sequence[OrderEvent]:
    whose = _whose(order, command.payment_id)
    _positive(command.amount_minor)
    if order.lifecycle == CONFIRMED and order.authorized_minor == command.amount_minor:
        return []
    check(order.lifecycle, "RecordPaymentAuthorized")
    if order.attempt == AUTHORIZED and order.authorized_minor == command.amount_minor:
        return []
    return [OrderPaymentAuthorized(**whose, amount_minor=command.amount_minor)]


def declined(command: RecordPaymentDeclined, order: Order) -> Sequence[OrderEvent]:
    whose = _whose(order, command.payment_id)
    if order.attempt == FAILED and order.decline_code == command.decline_code:
        return []
    check(order.lifecycle, "RecordPaymentDeclined")
    return [OrderPaymentDeclined(**whose, decline_code=command.decline_code)]


def action_required(command: RecordPaymentActionRequired, order: Order) -> Sequence[OrderEvent]:
    whose = _whose(order, command.payment_id)
    check(order.lifecycle, "RecordPaymentActionRequired")
    if order.attempt == ACTION_REQUIRED and order.client_action == command.client_action:
        return []
    return [OrderPaymentActionRequired(**whose, client_action=command.client_action)]


def outcome_unknown(command: RecordPaymentOutcomeUnknown, order: Order) -> Sequence[OrderEvent]:
    whose = _whose(order, command.payment_id)
    check(order.lifecycle, "RecordPaymentOutcomeUnknown")
    return [] if order.attempt == UNKNOWN else [OrderPaymentOutcomeUnknown(**whose)]


def captured(command: RecordPaymentCaptured, order: Order) -> Sequence[OrderEvent]:
    """The amount is what is captured in all; less than is known already is older news."""
    whose = _whose(order, command.payment_id)
    _positive(command.amount_minor)
    check(order.lifecycle, "RecordPaymentCaptured")
    if command.amount_minor <= order.captured_minor:
        return []
    return [OrderPaymentCaptured(**whose, amount_minor=command.amount_minor)]


def voided(command: RecordPaymentVoided, order: Order) -> Sequence[OrderEvent]:
    """Once money has moved there is nothing to give back but by a refund."""
    whose = _whose(order, command.payment_id)
    check(order.lifecycle, "RecordPaymentVoided")
    if order.attempt == VOIDED or order.captured_minor:
        return []
    return [OrderPaymentVoided(**whose)]


def refund_completed(command: RecordRefundCompleted, order: Order) -> Sequence[OrderEvent]:
    """Not checked against what is captured: the payment holds that guard, and its news may come in any order."""
    whose = _whose(order, command.payment_id)
    _positive(command.amount_minor)
    if command.refund_id in order.refunds:
        return []
    check(order.lifecycle, "RecordRefundCompleted")
    return [RefundCompleted(**whose, refund_id=command.refund_id, amount_minor=command.amount_minor)]


def refund_failed(command: RecordRefundFailed, order: Order) -> Sequence[OrderEvent]:
    whose = _whose(order, command.payment_id)
    _positive(command.amount_minor)
    if command.refund_id in order.refunds | order.failed_refunds:
        return []
    check(order.lifecycle, "RecordRefundFailed")
    return [
        RefundFailed(
            **whose,
            refund_id=command.refund_id,
            amount_minor=command.amount_minor,
            reason_code=command.reason_code,
        )
    ]


def adopt(command: AdoptOrder, order: Order) -> Sequence[OrderEvent]:
    """As the other system wrote it: nothing is recomputed, times may be out of order."""
    if command.origin_status not in ORIGIN_STATUSES:
        raise OriginStatusUnknown(allowed=list(ORIGIN_STATUSES))
    if order.lifecycle != NONE:
        if (order.origin_status, order.customer_id) == (command.origin_status, command.customer_id):
            return []
        raise AdoptedDifferently(status=order.origin_status)
    return [
        OrderAdopted(
            order_id=command.order_id,
            number=order_number(command.order_id),
            customer_id=command.customer_id,
            origin_order_id=command.origin_order_id,
            origin_customer_id=command.origin_customer_id,
            origin_status=command.origin_status,
            currency=command.currency,
            purchased_at=command.purchased_at,
            approved_at=command.approved_at,
            handed_to_carrier_at=command.handed_to_carrier_at,
            delivered_at=command.delivered_at,
            estimated_delivery_on=command.estimated_delivery_on,
        )
    ]


def adopt_item(command: AdoptItem, order: Order) -> Sequence[OrderEvent]:
    if order.customer_id is None:
        raise Unknown
    if order.origin_status is None:
        raise AdoptedDifferently(status=order.origin_status)
    check(order.lifecycle, "AdoptItem")
    if command.price_minor < 0 or command.freight_minor < 0:
        raise AmountInvalid(min=0)
    item = ItemAdopted(
        order_id=command.order_id,
        customer_id=order.customer_id,
        line=command.line,
        product_id=command.product_id,
        seller=command.seller,
        price_minor=command.price_minor,
        freight_minor=command.freight_minor,
        shipping_limit=command.shipping_limit,
    )
    known = order.adopted_lines.get(command.line)
    if known is not None and known != item:
        raise AdoptedDifferently(line=command.line)
    return [] if known else [item]


class Whose(TypedDict):
    """What every event about the order's money says."""

    order_id: UUID
    customer_id: UUID
    payment_id: UUID


def _whose(order: Order, payment_id: UUID) -> Whose:
    if order.order_id is None or order.customer_id is None:
        raise Unknown
    if order.payment_id != payment_id:
        raise PaymentDiffers
    return Whose(order_id=order.order_id, customer_id=order.customer_id, payment_id=payment_id)


def _positive(amount_minor: int) -> None:
    if amount_minor <= 0:
        raise AmountInvalid(min=1)


ORDER: Decider[OrderCommand, OrderEvent, Order] = Decider("order", Order(), evolve, decide)
