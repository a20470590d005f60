"""What may outsiders know of what has changed? One document per change, and what was seen of each stream so far."""

from collections.abc import Sequence
from datetime import datetime

from tests.checker.folds import standing
from tests.checker.folds.view import View
from tests.checker.happened import Happened, Json, picked

ROOMS = ("product", "stock", "order", "notification")
HISTORY = ("product.adopted", "order.adopted", "order.item_adopted")  # of another system: told to nobody
PRODUCT = {
    "product.updated": "updated",
    "product.published": "published",
    "product.archived": "archived",
    "product.deleted": "deleted",
}

Told = tuple[Json, Json | None]  # what was seen of the stream, and the change


def keys(event: Happened) -> Sequence[str]:
    return (f"seen/{event.stream}",) if event.room in ROOMS and event.type not in HISTORY else ()


def fold(before: Json | None, event: Happened, key: str) -> Json | None:
    seen, change = TELL[event.room](None if before is None else before["seen"], event)
    if change is not None:
        change = {"position": event.position, **change, "occurredAt": event.at, "version": 1}
    return {"seen": seen, "change": change}


def _product(seen: Json | None, event: Happened) -> Told:
    data = event.data
    published = bool(seen and seen["published"]) or event.type == "product.published"
    if event.type == "product.created":
        what: Json = {"change": "created", "slug": data["slug"]}
    elif event.type == "product.variant_added":
        what = {"change": "variant_added", **picked(data, "variant_id", "price_minor")}
    elif event.type == "product.price_changed":
        what = {"change": "price", **picked(data, "variant_id", "before_minor"), "priceMinor": data["after_minor"]}
        what["validFrom"] = datetime.fromisoformat(data["valid_from"]).isoformat()
    else:
        what = {"change": PRODUCT[event.type]}
    payload = {"productId": data["product_id"], **what}
    audience = "public" if published else "staff"
    return {"published": published}, _change("product:changed", f"product:{data['product_id']}", audience, payload)


def _stock(seen: Json | None, event: Happened) -> Told:
    available, variant = event.data["available"], event.data["variant_id"]
    now = {"available": available}
    if event.type == "stock.opened" or seen == now:
        return now, None
    payload = {"variantId": variant, "available": available}
    return now, _change("stock:updated", f"stock:{variant}", "public", payload)


def _order(seen: Json | None, event: Happened) -> Told:
    before, after = seen or standing.nothing(), standing.after(seen, event)
    told_before = standing.status(before), standing.payment_status(before)
    told = standing.status(after), standing.payment_status(after)
    if told == told_before:
        return after, None
    data = event.data
    payload: Json = {
        "orderId": data["order_id"],
        "number": after["number"],
        "status": told[0],
        "paymentStatus": told[1],
        "previousStatus": None if event.type == "order.placed" else told_before[0],
    }
    if event.type == "order.payment_action_required":
        payload["clientAction"] = data["client_action"]
    if event.type == "order.cancelled" and data.get("decline_code") is not None:
        payload["reason"] = {"code": data["reason"], "declineCode": data["decline_code"]}
    audience = f"customer:{data['customer_id']}"
    return after, _change("order:status_changed", f"order:{data['order_id']}", audience, payload)


def _notification(_: Json | None, event: Happened) -> Told:
    data = event.data
    channel = f"customer:{data['customer_id']}"
    if event.type == "notification.posted" and data["channel"] == "in_app":
        shown = picked(data, "notification_id", "template", "locale", "order_id", "order_number")
        return {}, _change("notification:new", channel, channel, {**shown, "status": "POSTED"})
    if event.type == "notification.read":
        payload = {"notificationId": data["notification_id"], "status": "READ"}
        return {}, _change("notification:read", channel, channel, payload)
    return {}, None


def _change(kind: str, channel: str, audience: str, payload: Json) -> Json:
    return {"type": kind, "channel": channel, "audience": audience, "payload": payload}


TELL = {"product": _product, "stock": _stock, "order": _order, "notification": _notification}
CHANGES = View(name="public_changes", keys=keys, fold=fold)
