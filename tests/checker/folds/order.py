"""Where is an order, what was bought, what was paid, and what has happened to it? And the customer's list of them."""

from collections.abc import Mapping, Sequence

from tests.checker.folds import payment, standing, timeline
from tests.checker.folds.view import MONGO, SQL, View
from tests.checker.happened import Happened, Json, moment, picked

AMOUNTS = ("subtotal_minor", "discount_minor", "tax_minor", "tax_included", "total_minor")
SUMS = ("currency", "subtotal_minor", "discount_minor", "tax_minor", "shipping_minor", "total_minor")
ADDRESS = ("recipient", "line1", "line2", "city", "region", "postal_code", "country", "phone")
ORIGIN = ("approved_at", "handed_to_carrier_at", "delivered_at", "estimated_delivery_on")
SHOWN_TITLES = 3


def keys(event: Happened) -> Sequence[str]:
    return (event.data["order_id"],) if event.room in ("order", "payment") else ()


def fold(order: Json | None, event: Happened, key: str) -> Json | None:
    if event.type == "order.placed":
        order = _placed(event)
    elif event.type == "order.adopted":
        order = _adopted(event)
    elif order is None:
        return None
    if event.room == "payment":
        order["payments"] = _payments(order["payments"], event)
    else:
        _said(order, event)
        _stands(order, event)
    order["timeline"] = [*order["timeline"], timeline.entry(event)]
    return order


def _empty(event: Happened) -> Json:
    optional = ("cartId", "paymentId", "market", "locale", "deliveryOption", "address", "contactEmail", "contactName")
    return {
        **picked(event.data, "number", "customer_id"),
        "id": event.data["order_id"],
        **dict.fromkeys((*optional, "reservedUntil", "reason", "clientAction", "origin")),
        "lines": [],
        "placedAt": event.at,
        "payments": [],
        "timeline": [],
    }


def _placed(event: Happened) -> Json:
    data, totals = event.data, event.data["totals"]
    amounts = {line["line_id"]: picked(line, *AMOUNTS) for line in totals["lines"]}
    address = data["address"]
    return {
        **_empty(event),
        **picked(data, "cart_id", "payment_id", "market", "locale", "delivery_option"),
        **picked(data, "contact_email", "contact_name"),
        "currency": totals["currency"],
        "lines": [_line(line, amounts.get(line["line_id"])) for line in data["lines"]],
        "totals": picked(totals, *SUMS),
        "address": None if address is None else picked({**dict.fromkeys(ADDRESS), **address}, *ADDRESS),
        "reservedUntil": moment(data["reserved_until"]),
    }


def _line(line: Json, amounts: Json | None) -> Json:
    subtotal = line["unit_price_minor"] * line["quantity"]
    plain = {
        "subtotalMinor": subtotal,
        "discountMinor": 0,
        "taxMinor": 0,
        "taxIncluded": False,
        "totalMinor": subtotal,
    }
    shown = picked(line, "product_id", "variant_id", "sku", "titles", "quantity", "unit_price_minor")
    rest = {"freightMinor": 0, "seller": None, "shippingLimit": None}
    return {"id": line["line_id"], **shown, **plain, **(amounts or {}), **rest}


def _adopted(event: Happened) -> Json:
    data = event.data
    nothing = dict.fromkeys(("subtotalMinor", "discountMinor", "taxMinor", "shippingMinor", "totalMinor"), 0)
    origin = {
        "orderId": data["origin_order_id"],
        "customerId": data["origin_customer_id"],
        "status": data["origin_status"],
        "purchasedAt": data["purchased_at"],
        **picked(data, *ORIGIN),
    }
    totals = {"currency": data["currency"], **nothing}
    return {**_empty(event), "currency": data["currency"], "totals": totals, "origin": origin}


def _said(order: Json, event: Happened) -> None:
    """What its own event adds, apart from how it stands."""
    data, kind = event.data, event.type
    if kind in ("order.cancelled", "order.expired"):
        earlier = None if order["reason"] is None else order["reason"]["declineCode"]
        declined = data.get("decline_code") or earlier
        order["reason"] = {"code": data["reason"], "declineCode": declined, "note": data.get("note")}
    elif kind == "order.payment_declined":
        order["reason"] = {"code": "payment.declined", "declineCode": data["decline_code"], "note": None}
    elif kind == "order.item_adopted":
        _with_item(order, data)
    if kind == "order.payment_action_required":
        order["clientAction"] = data["client_action"]
    elif kind in (*standing.ATTEMPT, "order.cancelled", "order.expired") and kind != "order.payment_outcome_unknown":
        order["clientAction"] = None


def _with_item(order: Json, data: Json) -> None:
    price, freight = data["price_minor"], data["freight_minor"]
    line = {
        **dict.fromkeys(("variantId", "sku")),
        "id": str(data["line"]),
        "productId": data["product_id"],
        "titles": {},
        "quantity": 1,
        "unitPriceMinor": price,
        "subtotalMinor": price,
        "discountMinor": 0,
        "taxMinor": 0,
        "taxIncluded": False,
        "freightMinor": freight,
        "totalMinor": price + freight,
        "seller": picked(data["seller"], "origin_id", "zip_code_prefix", "city", "state"),
        "shippingLimit": data["shipping_limit"],
    }
    totals = order["totals"]
    order["lines"] = [*order["lines"], line]
    order["totals"] = totals | {
        "subtotalMinor": totals["subtotalMinor"] + price,
        "shippingMinor": totals["shippingMinor"] + freight,
        "totalMinor": totals["totalMinor"] + price + freight,
    }


def _stands(order: Json, event: Happened) -> None:
    before = None
    if "lifecycle" in order:
        before = {
            "number": order["number"],
            "lifecycle": order["lifecycle"],
            "attempt": order["paymentAttempt"],
            "fulfillment": order["fulfillmentStatus"],
            "returned": order["returnStatus"],
            "total_minor": order["totals"]["totalMinor"],
            **{name: order[_amount(name)] for name in standing.AMOUNTS[1:]},
        }
    now = standing.after(before, event)
    now["total_minor"] = order["totals"]["totalMinor"]
    order |= {
        "version": event.version,
        "lifecycle": now["lifecycle"],
        "fulfillmentStatus": now["fulfillment"],
        "returnStatus": now["returned"],
        "paymentAttempt": now["attempt"],
        "paymentStatus": standing.payment_status(now),
        "status": standing.status(now),
        **{_amount(name): now[name] for name in standing.AMOUNTS[1:]},
    }


def _amount(name: str) -> str:
    return f"{name.partition('_')[0]}Minor"


def _payments(payments: Sequence[Json], event: Happened) -> list[Json]:
    payment_id = event.data["payment_id"]
    if event.type in payment.BEGINS:
        others = [each for each in payments if each["id"] != payment_id]
        return sorted([*others, payment.begun(event)], key=lambda each: int(each["sequence"]))
    return [payment.moved(each, event) if each["id"] == payment_id else each for each in payments]


def columns(order: Json) -> Mapping[str, object]:
    return {
        "number": order["number"],
        "customer_id": order["customerId"],
        "status": order["status"],
        "placed_at": order["placedAt"],
        "total_minor": order["totals"]["totalMinor"],
        "currency": order["currency"],
        "origin": None if order["origin"] is None else "import",
    }


def rows(order: Json) -> Mapping[str, Sequence[Mapping[str, object]]]:
    same = {"product_id": "productId", "variant_id": "variantId", "quantity": "quantity"}
    same |= {f"{name}_minor": f"{name}Minor" for name in ("discount", "tax", "freight", "total")}
    same["unit_price_minor"] = "unitPriceMinor"
    items = [
        {"order_id": order["id"], "line": line["id"], **{name: line[field] for name, field in same.items()}}
        for line in order["lines"]
    ]
    return {"order_items": items}


def history_keys(event: Happened) -> Sequence[str]:
    return (event.data["order_id"],) if event.room == "order" else ()


def history(entry: Json | None, event: Happened, key: str) -> Json | None:
    data = event.data
    if event.type == "order.placed":
        totals, lines = data["totals"], data["lines"]
        entry = _entry(event, totals["currency"], totals["total_minor"])
        entry |= {
            "items": sum(line["quantity"] for line in lines),
            "titles": [line["titles"] for line in lines[:SHOWN_TITLES]],
        }
    elif event.type == "order.adopted":
        entry = _entry(event, data["currency"], 0) | {"imported": True}
    elif entry is None:
        return None
    elif event.type == "order.item_adopted":
        entry["totalMinor"] += data["price_minor"] + data["freight_minor"]
        entry["items"] += 1
    seen = standing.after(entry["seen"] or None, event)
    return entry | {"seen": seen, "paymentStatus": standing.payment_status(seen), "status": standing.status(seen)}


def _entry(event: Happened, currency: str, total: int) -> Json:
    return {
        "id": event.data["order_id"],
        **picked(event.data, "number", "customer_id"),
        "placedAt": event.at,
        "currency": currency,
        "totalMinor": total,
        "items": 0,
        "titles": [],
        "imported": False,
        "seen": {},
    }


ORDERS = View(
    name="orders",
    keys=keys,
    fold=fold,
    stores=(MONGO, SQL),
    columns=columns,
    children=("order_items",),
    rows=rows,
    copies="order:*",
    copy_names=lambda order: (f"order:{order['id']}",),
)
HISTORY = View(name="order_history", keys=history_keys, fold=history)
