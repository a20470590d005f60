"""Keeps what customers did, in the words of analysts. Nothing personal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from projections.running.projection import Projection, rfc3339
from projections.user_events.view import KEPT_DAYS, SOURCE, UserEvent
from write_model.cart import events as cart
from write_model.customer import events as customer
from write_model.kernel.message import Envelope, Event
from write_model.notification import events as notification
from write_model.order import events as order
from write_model.review import events as review

Facts = Callable[[Any], dict[str, object]]


def _cart(event: Any) -> dict[str, object]:
    return {"cartId": str(event.cart_id)}


def _cart_line(event: Any) -> dict[str, object]:
    return {"cartId": str(event.cart_id), "variantId": str(event.variant_id)}


def _added(event: cart.CartItemAdded) -> dict[str, object]:
    price = {"quantity": event.quantity, "unitPriceMinor": event.unit_price_minor}
    return {**_cart_line(event), "productId": str(event.product_id), **price}


def _order(event: Any) -> dict[str, object]:
    return {"orderId": str(event.order_id)}


def _created(event: order.OrderPlaced) -> dict[str, object]:
    totals = event.totals
    amounts = {"totalMinor": totals.total_minor, "currency": totals.currency}
    return {**_order(event), "cartId": str(event.cart_id), "lines": len(event.lines), **amounts}


def _nothing(_: Any) -> dict[str, object]:
    return {}


WORDS: Mapping[type[Event], tuple[str, Facts]] = {
    customer.CustomerRegistered: ("signed_up", _nothing),
    customer.ProfileChanged: ("profile_changed", _nothing),
    cart.CartCreated: ("cart_created", _cart),
    cart.CartItemAdded: ("cart_item_added", _added),
    cart.CartItemQuantityChanged: ("cart_item_changed", _cart_line),
    cart.CartItemRemoved: ("cart_item_removed", _cart_line),
    cart.CartExpired: ("cart_abandoned", _cart),
    order.OrderPlaced: ("order_created", _created),
    order.OrderAdopted: ("order_created", lambda event: {**_order(event), "originStatus": event.origin_status}),
    order.OrderConfirmed: ("order_confirmed", _order),
    order.OrderCancelled: ("order_cancelled", _order),
    order.OrderExpired: ("order_expired", _order),
    order.OrderPaymentDeclined: ("payment_declined", lambda event: {**_order(event), "code": event.decline_code}),
    order.RefundCompleted: ("refunded", lambda event: {**_order(event), "amountMinor": event.amount_minor}),
    review.ReviewAdopted: ("reviewed", lambda event: {**_order(event), "score": event.score}),
    notification.NotificationRead: ("notification_read", _nothing),
}


def key(envelope: Envelope[Any]) -> Sequence[str]:
    return (str(envelope.position),)


def project(before: UserEvent | None, envelope: Envelope[Any], key: str) -> UserEvent:
    event = envelope.event
    word, facts = WORDS[type(event)]
    customer_id, session_id = getattr(event, "customer_id", None), getattr(event, "session_id", None)
    if customer_id is None and envelope.actor.type == "customer":
        customer_id = envelope.actor.id
    return UserEvent(
        position=envelope.position,
        type=word,
        customer_id=None if customer_id is None else str(customer_id),
        session_id=None if session_id is None else str(session_id),
        at=rfc3339(envelope.effective_at),
        recorded_at=rfc3339(envelope.recorded_at),
        data=facts(event),
    )


USER_EVENTS: Projection[UserEvent] = Projection(
    name="user_events",
    source=SOURCE,
    handles=tuple(WORDS),
    key=key,
    project=project,
    numbered=True,
    indexes=((("customerId", 1), ("_id", -1)), (("type", 1), ("at", 1))),
    keep_days=KEPT_DAYS,
    gathers=0.25,
)
