"""What is in a cart, and what does it cost? Its totals are what the events say."""

from collections.abc import Mapping, Sequence

from tests.checker.folds.view import MONGO, SQL, View
from tests.checker.happened import Happened, Json, picked

AMOUNTS = ("subtotal_minor", "discount_minor", "tax_minor", "tax_included", "total_minor")
SUMS = ("currency", "subtotal_minor", "discount_minor", "tax_minor", "shipping_minor", "total_minor")
ENDS = {"cart.converted": "ORDERED", "cart.merged": "MERGED", "cart.expired": "EXPIRED"}


def keys(event: Happened) -> Sequence[str]:
    return (event.data["cart_id"],) if event.room == "cart" else ()


def fold(cart: Json | None, event: Happened, key: str) -> Json | None:
    if event.type == "cart.created":
        cart = _created(event)
    if cart is None:
        return None
    _changed(cart, event)
    return cart | {"version": event.version, "updatedAt": event.at}


def _created(event: Happened) -> Json:
    data = event.data
    nothing = dict.fromkeys(("subtotalMinor", "discountMinor", "taxMinor", "shippingMinor", "totalMinor"), 0)
    return {
        "id": data["cart_id"],
        "status": "ACTIVE",
        "market": data["market"],
        "currency": data["currency"],
        "customerId": data["customer_id"],
        "sessionId": data["session_id"],
        "lines": [],
        "totals": {"currency": data["currency"], **nothing, "trace": []},
        "hasShippingAddress": False,
        "deliveryOption": "standard",
        "paymentMethod": None,
        "orderId": None,
        "mergedInto": None,
        "createdAt": event.at,
    }


def _changed(cart: Json, event: Happened) -> None:
    data = event.data
    if event.type == "cart.item_added":
        cart["lines"] = [*cart["lines"], _line(data)]
    elif event.type == "cart.item_removed":
        cart["lines"] = [line for line in cart["lines"] if line["id"] != data["line_id"]]
    elif event.type == "cart.item_quantity_changed":
        new = picked(data, "quantity", "unit_price_minor", "product_version")
        cart["lines"] = [line | new if line["id"] == data["line_id"] else line for line in cart["lines"]]
    elif event.type == "cart.repriced":
        prices = {price["line_id"]: price["after_minor"] for price in data["prices"]}
        cart["lines"] = [
            line | {"unitPriceMinor": prices.get(line["id"], line["unitPriceMinor"])} for line in cart["lines"]
        ]
    elif event.type == "cart.shipping_address_set":
        cart["hasShippingAddress"] = data["address"] is not None
    elif event.type == "cart.delivery_option_selected":
        cart["deliveryOption"] = data["option"]
    elif event.type == "cart.payment_method_selected":
        cart["paymentMethod"] = data["method"]
    elif event.type == "cart.customer_assigned":
        cart["customerId"] = data["customer_id"]
    elif event.type in ENDS:
        cart["status"] = ENDS[event.type]
        cart["orderId"] = data.get("order_id", cart["orderId"])
        cart["mergedInto"] = data.get("into", cart["mergedInto"])
    if "totals" in data:
        _priced(cart, data["totals"])


def _line(data: Json) -> Json:
    shown = ("product_id", "variant_id", "sku", "titles", "quantity", "unit_price_minor", "product_version")
    nothing = {"subtotalMinor": 0, "discountMinor": 0, "taxMinor": 0, "taxIncluded": False, "totalMinor": 0}
    return {"id": data["line_id"], **picked(data, *shown), **nothing}


def _priced(cart: Json, totals: Json) -> None:
    amounts = {line["line_id"]: picked(line, *AMOUNTS) for line in totals["lines"]}
    cart["lines"] = [line | amounts.get(line["id"], {}) for line in cart["lines"]]
    trace = [picked(why, "rule", "version", "amount_minor", "line_id") for why in totals["trace"]]
    cart["totals"] = {**picked(totals, *SUMS), "trace": trace}


def columns(cart: Json) -> Mapping[str, object]:
    return {"customer_id": cart["customerId"], "status": cart["status"]}


def rows(cart: Json) -> Mapping[str, Sequence[Mapping[str, object]]]:
    return {
        "cart_items": [
            {
                "cart_id": cart["id"],
                "line": line["id"],
                "variant_id": line["variantId"],
                "quantity": line["quantity"],
                "unit_price_minor": line["unitPriceMinor"],
            }
            for line in cart["lines"]
        ]
    }


def copy_names(cart: Json) -> Sequence[str]:
    """An open cart stands under its holder."""
    if cart["status"] != "ACTIVE":
        return ()
    if cart["customerId"] is not None:
        return (f"cart:{cart['customerId']}",)
    return () if cart["sessionId"] is None else (f"cart:temp:{cart['sessionId']}",)


CARTS = View(
    name="carts",
    keys=keys,
    fold=fold,
    stores=(MONGO, SQL),
    columns=columns,
    children=("cart_items",),
    rows=rows,
    copies="cart:*",
    copy_names=copy_names,
)
