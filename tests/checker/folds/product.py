"""What does a product's page show, and how many units of a variant are there?"""

from collections.abc import Mapping, Sequence

from tests.checker.folds.view import MONGO, SQL, View
from tests.checker.happened import Happened, Json, moment, picked

STATUS = {"product.published": "PUBLISHED", "product.archived": "ARCHIVED"}
TOLD = (
    *("origin_id", "category_english", "name_length", "description_length", "photos"),
    *("weight_g", "length_cm", "height_cm", "width_cm"),
)
MAIN = "main"  # the warehouse whose stock has a page


def page_keys(event: Happened) -> Sequence[str]:
    if event.type == "review.adopted":
        return list(dict.fromkeys(event.data["product_ids"]))
    return (event.data["product_id"],) if event.room == "product" else ()


def page(product: Json | None, event: Happened, key: str) -> Json | None:
    data = event.data
    if event.type == "product.created":
        shown = ("slug", "titles", "descriptions", "category", "tax_category", "currency")
        product = _empty(event, "DRAFT") | picked(data, *shown) | {"images": _images(data["images"])}
    elif event.type == "product.adopted":
        product = _empty(event, "ADOPTED") | {"category": data["category"], "adopted": picked(data, *TOLD)}
    if product is None or event.type == "product.deleted":
        return None
    if event.type == "review.adopted":
        rating = product["rating"]
        return product | {"rating": {"sum": rating["sum"] + data["score"], "count": rating["count"] + 1}}
    return _changed(product, event) | {"version": event.version, "updatedAt": event.at}


def _empty(event: Happened, status: str) -> Json:
    nothing = dict.fromkeys(("slug", "category", "taxCategory", "currency", "adopted"))
    return {
        "id": event.data["product_id"],
        "status": status,
        **nothing,
        "titles": {},
        "descriptions": {},
        "images": [],
        "variants": [],
        "rating": {"sum": 0, "count": 0},
        "createdAt": event.at,
    }


def _images(images: Sequence[Json]) -> list[Json]:
    return [{"url": image["url"], "alt": image["alt"]} for image in images]


def _changed(product: Json, event: Happened) -> Json:
    data = event.data
    if event.type == "product.variant_added":
        price = {"validFrom": None, "priceMinor": data["price_minor"]}
        variant = {"id": data["variant_id"], **picked(data, "sku", "attributes", "price_minor"), "prices": [price]}
        return product | {"variants": [*product["variants"], variant]}
    if event.type == "product.price_changed":
        return product | {"variants": [_repriced(variant, event) for variant in product["variants"]]}
    if event.type == "product.updated":
        given = {name: data[name] for name in ("titles", "descriptions", "category") if data[name] is not None}
        return product | given | ({} if data["images"] is None else {"images": _images(data["images"])})
    return product | {"status": STATUS.get(event.type, product["status"])}


def _repriced(variant: Json, event: Happened) -> Json:
    """In force is the price of the latest date that has come; on one date the latest word."""
    if variant["id"] != event.data["variant_id"]:
        return variant
    price = {"validFrom": moment(event.data["valid_from"]), "priceMinor": event.data["after_minor"]}
    prices = [*variant["prices"], price]
    come = [(each["validFrom"] or "", number) for number, each in enumerate(prices)]
    _, best = max(one for one in come if one[0] <= event.at)
    return variant | {"prices": prices, "priceMinor": prices[best]["priceMinor"]}


def page_columns(product: Json) -> Mapping[str, object]:
    titles = [product["titles"][language] for language in sorted(product["titles"])]
    return {
        "slug": product["slug"],
        "title": product["titles"].get("es") or next(iter(titles), product["id"]),
        "searched": " ".join(titles),
        "category": product["category"],
        "price_minor": min((variant["priceMinor"] for variant in product["variants"]), default=None),
        "currency": product["currency"],
        "status": product["status"],
        "created_at": product["createdAt"],
    }


def level_keys(event: Happened) -> Sequence[str]:
    is_shown = event.room == "stock" and event.data["warehouse"] == MAIN
    return (event.data["variant_id"],) if is_shown else ()


def level(before: Json | None, event: Happened, key: str) -> Json | None:
    data = event.data
    before = before or {"onHand": 0, "available": 0, "low": False, "productId": data["product_id"]}
    on_hand, available = before["onHand"], data["available"]
    if event.type in ("stock.received", "stock.adjusted"):
        on_hand += data["quantity"]
    elif event.type == "stock.reservation_committed":
        on_hand -= data["quantity"]
    low = event.type == "stock.ran_low" or (before["low"] and available <= before["available"])
    return {
        "id": key,
        "productId": before["productId"],
        "warehouse": MAIN,
        "onHand": on_hand,
        "reserved": on_hand - available,
        "available": available,
        "low": low,
        "version": event.version,
    }


def level_columns(stock: Json) -> Mapping[str, object]:
    return {"product_id": stock["productId"], "on_hand": stock["onHand"], "available": stock["available"]}


PRODUCTS = View(
    name="products",
    keys=page_keys,
    fold=page,
    stores=(MONGO, SQL),
    columns=page_columns,
    copies="product:cache:*",
    copy_names=lambda product: (f"product:cache:{product['id']}",),
)
LEVELS = View(
    name="stock_levels",
    keys=level_keys,
    fold=level,
    stores=(MONGO, SQL),
    columns=level_columns,
    copies="stock:*",
    copy_names=lambda stock: (f"stock:{stock['id']}",),
)
