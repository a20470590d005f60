"""An order is confirmed, cancelled or expired, together with the stock that is held for it."""

from collections.abc import Sequence
from typing import TypedDict
from uuid import UUID

from write_model.checkout import loaded
from write_model.checkout.commands import CancelOrder, ConfirmOrder, ExpireOrder
from write_model.checkout.loaded import States
from write_model.kernel.message import Context, Event
from write_model.kernel.refused import Kind, Refused
from write_model.kernel.text import fits
from write_model.order.decider import Unknown as OrderUnknown
from write_model.order.events import OrderCancelled, OrderConfirmed, OrderExpired, Reservation
from write_model.order.state import Order
from write_model.order.transitions import CANCELLED, CONFIRMED, EXPIRED, check
from write_model.stock.commands import AllocateReservation, ReleaseReservation
from write_model.stock.decider import STOCK, StockItem
from write_model.stock.state import ALLOCATED, COMMITTED, RESERVED

REASON = 500  # characters


class PaymentMissing(Refused):
    code = "checkout.payment_missing"


class ReservationEnded(Refused):
    code = "checkout.reservation_ended"


class AlreadyShipped(Refused):
    code = "checkout.already_shipped"


class OfAnotherSystem(Refused):
    """An adopted order is history: nothing of it is ours to confirm or to end."""

    code = "checkout.order_of_another_system"


class ReasonInvalid(Refused):
    code = "checkout.reason_invalid"
    kind = Kind.INVALID


class Whose(TypedDict):
    """What every event of an order says."""

    order_id: UUID
    customer_id: UUID
    payment_id: UUID


def confirm(command: ConfirmOrder, states: States, context: Context) -> dict[str, Sequence[Event]]:
    """The money is there, and so is every unit: the stock is the order's for good."""
    order, whose = _order(states, command.order_id)
    if order.lifecycle == CONFIRMED:
        return {}
    check(order.lifecycle, "ConfirmOrder")
    if order.authorized_minor < order.total_minor:
        raise PaymentMissing(authorizedMinor=order.authorized_minor, totalMinor=order.total_minor)
    happened: dict[str, Sequence[Event]] = {loaded.order_stream(command.order_id): [OrderConfirmed(**whose)]}
    ended = []
    for reservation in order.reservations:
        name, item = _item(reservation, states)
        held = item.reservation(command.order_id)
        if held is None or held.status != RESERVED:
            ended.append(str(reservation.variant_id))
            continue
        wish = AllocateReservation(
            variant_id=reservation.variant_id, warehouse=reservation.warehouse, reservation_id=command.order_id
        )
        happened[name] = STOCK.decide(wish, item, context)
    if ended:
        raise ReservationEnded(variants=ended)
    return happened


def cancel(command: CancelOrder, states: States, context: Context) -> dict[str, Sequence[Event]]:
    """By the customer, an admin or a declined payment, as long as nothing has been shipped."""
    order, whose = _order(states, command.order_id)
    if order.lifecycle == CANCELLED:
        return {}
    check(order.lifecycle, "CancelOrder")
    _check_reason(command.reason)
    if command.note is not None:
        _check_reason(command.note)
    cancelled = OrderCancelled(
        **whose,
        reason=command.reason,
        decline_code=command.decline_code,
        note=command.note,
    )
    return {
        loaded.order_stream(command.order_id): [cancelled],
        **_released(command.order_id, order, states, "order.cancelled", context),
    }


def expire(command: ExpireOrder, states: States, context: Context) -> dict[str, Sequence[Event]]:
    """By the timer, or because its stock could not be held."""
    order, whose = _order(states, command.order_id)
    if order.lifecycle == EXPIRED:
        return {}
    check(order.lifecycle, "ExpireOrder")
    _check_reason(command.reason)
    expired = OrderExpired(**whose, reason=command.reason)
    return {
        loaded.order_stream(command.order_id): [expired],
        **_released(command.order_id, order, states, "order.expired", context),
    }


def _released(
    order_id: UUID, order: Order, states: States, reason: str, context: Context
) -> dict[str, Sequence[Event]]:
    """What is still held goes back; what has ended by its own timer has gone back already."""
    happened: dict[str, Sequence[Event]] = {}
    for reservation in order.reservations:
        name, item = _item(reservation, states)
        held = item.reservation(order_id)
        if held is not None and held.status == COMMITTED:
            raise AlreadyShipped(variant=str(reservation.variant_id))
        if held is not None and held.status in (RESERVED, ALLOCATED):
            wish = ReleaseReservation(
                variant_id=reservation.variant_id,
                warehouse=reservation.warehouse,
                reservation_id=order_id,
                reason=reason,
            )
            happened[name] = STOCK.decide(wish, item, context)
    return happened


def _item(reservation: Reservation, states: States) -> tuple[str, StockItem]:
    name = loaded.stock_stream(reservation.variant_id, reservation.warehouse)
    return name, loaded.get(states, name, StockItem)


def _check_reason(reason: str) -> None:
    if not fits(reason, REASON):
        raise ReasonInvalid(longest=REASON)


def _order(states: States, order_id: UUID) -> tuple[Order, Whose]:
    order = loaded.get(states, loaded.order_stream(order_id), Order)
    if order.customer_id is None:
        raise OrderUnknown
    if order.payment_id is None:
        raise OfAnotherSystem
    return order, Whose(order_id=order_id, customer_id=order.customer_id, payment_id=order.payment_id)
