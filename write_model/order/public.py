"""How does an order stand, in the one word that every API uses, and what is its customer told of a change?"""

from collections.abc import Mapping

from write_model.kernel.change import Change
from write_model.kernel.message import Envelope
from write_model.order.events import ItemAdopted, OrderAdopted, OrderEvent, OrderPlaced
from write_model.order.state import (
    DELIVERED,
    FAILED,
    FULFILLED,
    PARTIALLY_REFUNDED,
    REFUNDED,
    UNFULFILLED,
    Order,
    evolve,
)
from write_model.order.transitions import CANCELLED, COMPLETED, EXPIRED, NONE, PENDING

STATUS_CHANGED = "order:status_changed"
OPEN_RETURNS = frozenset({"REQUESTED", "APPROVED", "PARTIALLY_RECEIVED"})
TAKEN_RETURNS = frozenset({"RECEIVED", "CLOSED"})
SHIPPED = frozenset({FULFILLED, "PARTIALLY_FULFILLED", "PARTIALLY_DELIVERED"})
KEPT = (
    *("number", "lifecycle", "attempt", "fulfillment", "returned"),
    *("total_minor", "authorized_minor", "captured_minor", "refunded_minor"),
)


def status(lifecycle: str, payment: str, fulfillment: str = UNFULFILLED, returned: str = NONE) -> str:
    """The derived status (DOMAIN 6.1): the first rule that matches wins."""
    if lifecycle in (CANCELLED, EXPIRED, "ON_HOLD"):
        return lifecycle
    if returned in OPEN_RETURNS:
        return "RETURN_REQUESTED"
    if returned in TAKEN_RETURNS:
        return "RETURNED"
    if payment in (REFUNDED, PARTIALLY_REFUNDED):
        return payment
    if lifecycle == PENDING:
        return {FAILED: "PAYMENT_FAILED", NONE: "PLACED"}.get(payment, "AWAITING_PAYMENT")
    if lifecycle == COMPLETED:
        return COMPLETED
    if fulfillment == DELIVERED:
        return DELIVERED
    if fulfillment in SHIPPED:
        return "SHIPPED"
    if fulfillment == "PREPARING":
        return "PREPARING"
    return lifecycle


def answer(order: Order) -> dict[str, object]:
    """The body of a command's answer."""
    body: dict[str, object] = {
        "id": None if order.order_id is None else str(order.order_id),
        "number": order.number,
        "status": status_of(order),
        "paymentStatus": order.payment_status,
        "total": {"amountMinor": order.total_minor, "currency": order.currency},
    }
    if order.payment_id is not None:
        body["paymentId"] = str(order.payment_id)
    if order.lifecycle in (CANCELLED, EXPIRED) and order.reason is not None:
        body["reason"] = _reason(order)
    if order.client_action is not None:
        body["clientAction"] = order.client_action
    return body


def status_of(order: Order) -> str:
    return status(order.lifecycle, order.payment_status, order.fulfillment, order.returned)


def publish(
    seen: Mapping[str, object] | None, envelope: Envelope[OrderEvent]
) -> tuple[Mapping[str, object], Change | None]:
    """Told when the derived status or the payment status moves; history of another system is not told."""
    event = envelope.event
    before = _remembered(seen)
    after = evolve(before, event)
    known = kept(after)
    if not _is_told(before, after, event):
        return known, None
    payload: dict[str, object] = {
        "orderId": str(event.order_id),
        "number": after.number,
        "status": status_of(after),
        "paymentStatus": after.payment_status,
        "previousStatus": None if isinstance(event, OrderPlaced) else status_of(before),
    }
    if after.client_action is not None:
        payload["clientAction"] = after.client_action
    if after.reason is not None and after.decline_code is not None:  # codes only: other words may be personal
        payload["reason"] = _reason(after)
    audience = f"customer:{event.customer_id}"
    return known, Change(type=STATUS_CHANGED, channel=f"order:{event.order_id}", audience=audience, payload=payload)


def standing(seen: Mapping[str, object] | None, event: OrderEvent) -> Order:
    """The order after the event, as far as `seen` goes."""
    return evolve(_remembered(seen), event)


def kept(order: Order) -> Mapping[str, object]:
    """What has to be seen of it to know how it stands after its next event."""
    return {name: getattr(order, name) for name in KEPT}


def _is_told(before: Order, after: Order, event: OrderEvent) -> bool:
    if isinstance(event, OrderAdopted | ItemAdopted):
        return False
    payment = after.payment_status
    return before.payment_status != payment or status_of(before) != status_of(after)


def _remembered(seen: Mapping[str, object] | None) -> Order:
    return Order(**{name: seen[name] for name in KEPT}) if seen else Order()  # type: ignore[arg-type]  # of their type


def _reason(order: Order) -> dict[str, object]:
    reason: dict[str, object] = {"code": order.reason}
    if order.decline_code is not None:
        reason["declineCode"] = order.decline_code
    return reason
