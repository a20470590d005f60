"""Who is a customer, which notifications are there for them, what do buyers say, and what did they do?"""

from collections.abc import Callable, Mapping, Sequence

from tests.checker.folds.view import View
from tests.checker.happened import Happened, Json, moment, picked

PROFILE = ("customer.registered", "customer.profile_changed", "customer.adopted")
INBOX = ("notification.posted", "notification.read", "notification.mail_accepted", "notification.mail_failed")


def profile_keys(event: Happened) -> Sequence[str]:
    return (event.data["customer_id"],) if event.type in PROFILE else ()


def profile(known: Json | None, event: Happened, key: str) -> Json | None:
    data = event.data
    if event.type == "customer.registered":
        known = {**_nobody(key, event), **picked(data, "email", "name", "locale")}
    elif event.type == "customer.adopted":
        told = {
            "personId": data["origin_person_id"],
            "customerId": data["origin_customer_id"],
            **picked(data, "zip_code_prefix", "city", "state"),
        }
        known = known or _nobody(key, event)
        known["adopted"] = [*known["adopted"], told]
    elif known is not None:
        known |= picked(data, "name", "locale")
    if known is not None:
        known |= {"version": event.version, "updatedAt": event.at}
    return known


def _nobody(key: str, event: Happened) -> Json:
    return {"id": key, "email": None, "name": None, "locale": None, "registeredAt": event.at, "adopted": []}


def inbox_keys(event: Happened) -> Sequence[str]:
    return (event.data["notification_id"],) if event.type in INBOX else ()


def inbox(entry: Json | None, event: Happened, key: str) -> Json | None:
    data = event.data
    if event.type == "notification.posted":
        shown = picked(data, "customer_id", "channel", "template", "locale", "order_id", "order_number")
        return {"id": key, **shown, "status": "POSTED", "postedAt": event.at, "readAt": None, "failure": None}
    if entry is None:
        return None
    if event.type == "notification.read":
        return entry | {"status": "READ", "readAt": moment(data["read_at"])}
    if event.type == "notification.mail_accepted":
        return entry | {"status": "ACCEPTED", "failure": None}
    return entry | {"status": "FAILED", "failure": data["reason_code"]}


def review_keys(event: Happened) -> Sequence[str]:
    return (event.data["review_id"],) if event.type == "review.adopted" else ()


def review(_: Json | None, event: Happened, key: str) -> Json | None:
    data = event.data
    shown = ("product_ids", "order_id", "customer_id", "score", "title", "comment", "created_on", "answered_at")
    return {"id": key, **picked(data, *shown), "originId": data["origin_review_id"]}


def _nothing(_: Json) -> Json:
    return {}


def _of(*names: str) -> Callable[[Json], Json]:
    return lambda data: picked(data, *names)


def _placed(data: Json) -> Json:
    totals = data["totals"]
    amounts = {"totalMinor": totals["total_minor"], "currency": totals["currency"]}
    return {**picked(data, "order_id", "cart_id"), "lines": len(data["lines"]), **amounts}


WORDS: Mapping[str, tuple[str, Callable[[Json], Json]]] = {
    "customer.registered": ("signed_up", _nothing),
    "customer.profile_changed": ("profile_changed", _nothing),
    "cart.created": ("cart_created", _of("cart_id")),
    "cart.item_added": (
        "cart_item_added",
        _of("cart_id", "variant_id", "product_id", "quantity", "unit_price_minor"),
    ),
    "cart.item_quantity_changed": ("cart_item_changed", _of("cart_id", "variant_id")),
    "cart.item_removed": ("cart_item_removed", _of("cart_id", "variant_id")),
    "cart.expired": ("cart_abandoned", _of("cart_id")),
    "order.placed": ("order_created", _placed),
    "order.adopted": ("order_created", _of("order_id", "origin_status")),
    "order.confirmed": ("order_confirmed", _of("order_id")),
    "order.cancelled": ("order_cancelled", _of("order_id")),
    "order.expired": ("order_expired", _of("order_id")),
    "order.payment_declined": (
        "payment_declined",
        lambda data: {"orderId": data["order_id"], "code": data["decline_code"]},
    ),
    "order.refund_completed": ("refunded", _of("order_id", "amount_minor")),
    "review.adopted": ("reviewed", _of("order_id", "score")),
    "notification.read": ("notification_read", _nothing),
}


def deed_keys(event: Happened) -> Sequence[str]:
    return (str(event.position),) if event.type in WORDS else ()


def deed(_: Json | None, event: Happened, key: str) -> Json | None:
    word, facts = WORDS[event.type]
    customer = event.data.get("customer_id")
    if customer is None and event.actor_type == "customer":
        customer = event.actor_id
    return {
        "position": event.position,
        "type": word,
        "customerId": customer,
        "sessionId": event.data.get("session_id"),
        "at": event.at,
        "recordedAt": event.recorded_at,
        "data": facts(event.data),
    }


CUSTOMERS = View(name="customers", keys=profile_keys, fold=profile)
NOTIFICATIONS = View(name="inbox", keys=inbox_keys, fold=inbox)
REVIEWS = View(name="product_reviews", keys=review_keys, fold=review)
DEEDS = View(name="user_events", keys=deed_keys, fold=deed, numbered=True, keep_days=400)
