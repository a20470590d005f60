"""A handful of orders in the form of the public Olist files, made up."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

Row = Mapping[str, str]
BOUGHT = "2017-11-24 23:30:00"  # in São Paulo; the next day in UTC

CUSTOMERS = [
    {"customer_id": f"c{n}", "customer_unique_id": person, "customer_zip_code_prefix": "01001"}
    | {"customer_city": "são paulo", "customer_state": "SP"}
    for n, person in ((1, "ana"), (2, "ana"), (3, "rui"))
]
TIMES = ("order_approved_at", "order_delivered_carrier_date", "order_delivered_customer_date")
ORDERS = [
    {"order_id": f"o{n}", "customer_id": f"c{n}", "order_status": status, "order_purchase_timestamp": BOUGHT}
    | dict.fromkeys(TIMES, "")
    | {"order_estimated_delivery_date": "2017-12-20 00:00:00"}
    for n, status in ((1, "delivered"), (2, "canceled"), (3, "unavailable"))
]
ITEMS = [
    {"order_id": "o1", "order_item_id": str(line), "product_id": "p1", "seller_id": "s1"}
    | {"shipping_limit_date": "2017-11-30 00:00:00", "price": price, "freight_value": "8.7"}
    for line, price in ((1, "10.05"), (2, "99.9"))
]
PAYMENTS = [
    {"order_id": "o1", "payment_sequential": "1", "payment_type": "credit_card", "payment_installments": "3"}
    | {"payment_value": "120.0"},  # not items + freight
    {"order_id": "o1", "payment_sequential": "2", "payment_type": "voucher", "payment_installments": "1"}
    | {"payment_value": "7.33"},
    {"order_id": "o2", "payment_sequential": "1", "payment_type": "not_defined", "payment_installments": "0"}
    | {"payment_value": "0.0"},
]
REVIEWS = [
    {"review_id": "r1", "order_id": order, "review_score": score, "review_comment_title": ""}
    | {"review_comment_message": "duas\nlinhas", "review_creation_date": "2017-12-01 00:00:00"}
    | {"review_answer_timestamp": ""}
    for order, score in (("o1", "5"), ("o3", "1"))  # one review id, two orders; the second has no items
]
MEASURES = ("product_name_lenght", "product_description_lenght", "product_photos_qty", "product_weight_g")
SIZES = ("product_length_cm", "product_height_cm", "product_width_cm")
PRODUCTS = [{"product_id": "p1", "product_category_name": "beleza_saude"} | dict.fromkeys((*MEASURES, *SIZES), "12")]
SELLERS = [
    {"seller_id": "s1", "seller_zip_code_prefix": "04726", "seller_city": "sao paulo", "seller_state": "SP"},
]
CATEGORIES = [{"product_category_name": "beleza_saude", "product_category_name_english": "health_beauty"}]


def olist_files(folder: Path, **instead: Sequence[Row]) -> Path:
    """The folder with all files; any of them may be given otherwise."""
    named: dict[str, Sequence[Row]] = {
        "customers": CUSTOMERS,
        "orders": ORDERS,
        "order_items": ITEMS,
        "order_payments": PAYMENTS,
        "order_reviews": REVIEWS,
        "products": PRODUCTS,
        "sellers": SELLERS,
    }
    for name, rows in (named | instead).items():
        _write(folder / f"olist_{name}_dataset.csv", rows)
    _write(folder / "product_category_name_translation.csv", CATEGORIES)
    return folder


def _write(file: Path, rows: Sequence[Row]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
