"""How does an order stand? Lifecycle, payment and fulfilment after each of its events, and the one word for them."""

from tests.checker.happened import Happened, Json

KEPT = ("number", "lifecycle", "attempt", "fulfillment", "returned")
AMOUNTS = ("total_minor", "authorized_minor", "captured_minor", "refunded_minor")
ADOPTED = {  # what the words of the other system mean: lifecycle, fulfilment
    "created": ("PENDING", "UNFULFILLED"),
    "approved": ("CONFIRMED", "UNFULFILLED"),
    "processing": ("CONFIRMED", "UNFULFILLED"),
    "invoiced": ("CONFIRMED", "UNFULFILLED"),
    "shipped": ("CONFIRMED", "FULFILLED"),
    "delivered": ("CONFIRMED", "DELIVERED"),
    "unavailable": ("CANCELLED", "UNFULFILLED"),
    "canceled": ("CANCELLED", "UNFULFILLED"),
}
ATTEMPT = {
    "order.payment_authorized": "AUTHORIZED",
    "order.payment_declined": "FAILED",
    "order.payment_action_required": "ACTION_REQUIRED",
    "order.payment_outcome_unknown": "UNKNOWN",
    "order.payment_voided": "VOIDED",
}
LIFECYCLE = {"order.confirmed": "CONFIRMED", "order.cancelled": "CANCELLED", "order.expired": "EXPIRED"}


def nothing() -> Json:
    """Before the first event."""
    words = {"number": "", "lifecycle": "NONE", "attempt": "NONE", "fulfillment": "UNFULFILLED", "returned": "NONE"}
    return {**words, **dict.fromkeys(AMOUNTS, 0)}


def after(before: Json | None, event: Happened) -> Json:
    """The order's standing once this event has happened."""
    data, kind = event.data, event.type
    if kind == "order.placed":
        begun = {"number": data["number"], "lifecycle": "PENDING", "total_minor": data["totals"]["total_minor"]}
        return nothing() | begun
    if kind == "order.adopted":
        lifecycle, fulfillment = ADOPTED[data["origin_status"]]
        return nothing() | {"number": data["number"], "lifecycle": lifecycle, "fulfillment": fulfillment}
    now = dict(before or nothing())
    now["attempt"] = ATTEMPT.get(kind, now["attempt"])
    now["lifecycle"] = LIFECYCLE.get(kind, now["lifecycle"])
    if kind == "order.payment_authorized":
        now["authorized_minor"] = data["amount_minor"]
    elif kind == "order.payment_voided":
        now["authorized_minor"] = 0
    elif kind == "order.payment_captured":
        now["captured_minor"] = data["amount_minor"]
    elif kind == "order.refund_completed":
        now["refunded_minor"] += data["amount_minor"]
    elif kind == "order.item_adopted":
        now["total_minor"] += data["price_minor"] + data["freight_minor"]
    return now


def payment_status(order: Json) -> str:
    """By the amounts; where they say nothing, by the last attempt."""
    captured, refunded, total = order["captured_minor"], order["refunded_minor"], order["total_minor"]
    if refunded:
        return "REFUNDED" if refunded >= captured else "PARTIALLY_REFUNDED"
    if captured:
        return "OVERPAID" if captured > total else "PAID" if captured == total else "PARTIALLY_PAID"
    return str(order["attempt"])


def status(order: Json) -> str:
    """The one word for all of it: the first rule that fits."""
    lifecycle, paid, sent = order["lifecycle"], payment_status(order), order["fulfillment"]
    if lifecycle in ("CANCELLED", "EXPIRED", "ON_HOLD"):
        return str(lifecycle)
    if paid in ("REFUNDED", "PARTIALLY_REFUNDED"):
        return paid
    if lifecycle == "PENDING":
        return {"FAILED": "PAYMENT_FAILED", "NONE": "PLACED"}.get(paid, "AWAITING_PAYMENT")
    if lifecycle != "COMPLETED":
        return {"DELIVERED": "DELIVERED", "FULFILLED": "SHIPPED"}.get(sent, str(lifecycle))
    return str(lifecycle)
