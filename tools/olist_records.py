"""Which command says what a row of the Olist files says? One command a row, under ids made of Olist's."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from write_model.customer.commands import AdoptCustomer
from write_model.kernel.message import Command
from write_model.order.commands import AdoptItem, AdoptOrder
from write_model.order.events import Seller
from write_model.payment.commands import AdoptPayment
from write_model.product.commands import AdoptProduct
from write_model.review.commands import AdoptReview

OLIST = UUID("b7a6c1de-52a8-5c0b-a6de-8f7b1a3f9e10")  # namespace of the ids that are made of Olist's
ZONE = ZoneInfo("America/Sao_Paulo")  # the files' times are on this wall
CURRENCY = "BRL"


class Unrepresentable(Exception):
    """A row that no command can say: named in the report with its file and line."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row as a command. `key` names the row for ever: a second import repeats it and appends nothing."""

    file: str
    line: int
    key: str
    command: Command
    effective_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bad:
    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Known:
    """What a row needs from rows of other files."""

    person_of: dict[str, str]  # Olist's customer id → person
    customer_of: dict[str, str]  # order → Olist's customer id
    bought_at: dict[str, str]  # order → purchase time as written
    products_of: dict[str, list[str]]  # order → products
    translated: dict[str, str]  # category → in English
    sellers: dict[str, Seller]
    first_bought_at: dict[str, str]  # Olist's customer id → purchase time


def olist_id(kind: str, origin: str) -> UUID:
    """UUIDv5 of Olist's id: the same record has the same id in every import."""
    return uuid5(OLIST, f"{kind}/{origin}")


def moment(local: str) -> datetime:
    """The files' local time as the moment that it was."""
    if len(local) != len("2017-11-24 23:30:00") or local[10] != " ":
        raise ValueError(f"{local!r} is no time of the files")
    return datetime.fromisoformat(local).replace(tzinfo=ZONE)


def minor(amount: str) -> int:
    """A decimal of reais, as written, in centavos; a fraction of one is refused."""
    whole, _, fraction = amount.strip().partition(".")
    if len(fraction.rstrip("0")) > 2 or not (whole + fraction).isdigit():
        raise Unrepresentable(f"{amount!r} is no amount in centavos")
    return int(whole or "0") * 100 + int((fraction + "00")[:2])


def number(text: str) -> int | None:
    return int(text) if text else None


def known(directory: Path) -> Known:
    person_of = {row["customer_id"]: row["customer_unique_id"] for _, row in rows(directory, "customers")}
    customer_of: dict[str, str] = {}
    bought_at: dict[str, str] = {}
    first_bought_at: dict[str, str] = {}
    for _, row in rows(directory, "orders"):
        customer_of[row["order_id"]] = row["customer_id"]
        bought_at[row["order_id"]] = row["order_purchase_timestamp"]
        first_bought_at[row["customer_id"]] = row["order_purchase_timestamp"]
    products_of: defaultdict[str, list[str]] = defaultdict(list)
    for _, row in rows(directory, "order_items"):
        if row["product_id"] not in products_of[row["order_id"]]:
            products_of[row["order_id"]].append(row["product_id"])
    sellers = {
        row["seller_id"]: Seller(
            origin_id=row["seller_id"],
            zip_code_prefix=row["seller_zip_code_prefix"] or None,
            city=row["seller_city"] or None,
            state=row["seller_state"] or None,
        )
        for _, row in rows(directory, "sellers")
    }
    with (directory / "product_category_name_translation.csv").open(encoding="utf-8-sig", newline="") as file:
        translated = {
            row["product_category_name"]: row["product_category_name_english"] for row in csv.DictReader(file)
        }
    return Known(person_of, customer_of, bought_at, products_of, translated, sellers, first_bought_at)


def rows(directory: Path, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of one file with the line that each ends on (comments span lines)."""
    with (directory / f"olist_{name}_dataset.csv").open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, row


def records(directory: Path, facts: Known) -> Iterator[Record | Bad]:
    """All rows, in an order in which each finds what it is about: products, customers, orders, then their parts."""
    steps: tuple[tuple[str, Callable[[dict[str, str], Known], tuple[str, Command, str | None]]], ...] = (
        ("products", product),
        ("customers", customer),
        ("orders", order),
        ("order_items", item),
        ("order_payments", payment),
        ("order_reviews", review),
    )
    for name, read in steps:
        for line, row in rows(directory, name):
            try:
                key, command, at = read(row, facts)
                yield Record(name, line, f"{name}/{key}", command, moment(at) if at else None)
            except Unrepresentable as problem:
                yield Bad(name, line, str(problem))
            except (KeyError, ValueError, TypeError) as problem:
                yield Bad(name, line, f"{type(problem).__name__}: {problem}")


def product(row: dict[str, str], facts: Known) -> tuple[str, Command, str | None]:
    origin, category = row["product_id"], row["product_category_name"] or None
    command = AdoptProduct(
        product_id=olist_id("product", origin),
        origin_id=origin,
        category=category,
        category_english=facts.translated.get(category or ""),
        name_length=number(row["product_name_lenght"]),  # spelt so in the files
        description_length=number(row["product_description_lenght"]),
        photos=number(row["product_photos_qty"]),
        weight_g=number(row["product_weight_g"]),
        length_cm=number(row["product_length_cm"]),
        height_cm=number(row["product_height_cm"]),
        width_cm=number(row["product_width_cm"]),
    )
    return origin, command, None


def customer(row: dict[str, str], facts: Known) -> tuple[str, Command, str | None]:
    command = AdoptCustomer(
        customer_id=olist_id("person", row["customer_unique_id"]),
        origin_person_id=row["customer_unique_id"],
        origin_customer_id=row["customer_id"],
        zip_code_prefix=row["customer_zip_code_prefix"],
        city=row["customer_city"],
        state=row["customer_state"],
    )
    return row["customer_id"], command, facts.first_bought_at.get(row["customer_id"])


def order(row: dict[str, str], facts: Known) -> tuple[str, Command, str | None]:
    command = AdoptOrder(
        order_id=olist_id("order", row["order_id"]),
        customer_id=person(row["customer_id"], facts),
        origin_order_id=row["order_id"],
        origin_customer_id=row["customer_id"],
        origin_status=row["order_status"],
        currency=CURRENCY,
        purchased_at=row["order_purchase_timestamp"],
        approved_at=row["order_approved_at"] or None,
        handed_to_carrier_at=row["order_delivered_carrier_date"] or None,
        delivered_at=row["order_delivered_customer_date"] or None,
        estimated_delivery_on=row["order_estimated_delivery_date"] or None,
    )
    return row["order_id"], command, row["order_purchase_timestamp"]


def item(row: dict[str, str], facts: Known) -> tuple[str, Command, str | None]:
    seller = facts.sellers.get(row["seller_id"])
    command = AdoptItem(
        order_id=olist_id("order", row["order_id"]),
        line=int(row["order_item_id"]),
        product_id=olist_id("product", row["product_id"]),
        seller=seller or Seller(origin_id=row["seller_id"], zip_code_prefix=None, city=None, state=None),
        price_minor=minor(row["price"]),
        freight_minor=minor(row["freight_value"]),
        shipping_limit=row["shipping_limit_date"],
    )
    return f"{row['order_id']}/{row['order_item_id']}", command, facts.bought_at[row["order_id"]]


def payment(row: dict[str, str], facts: Known) -> tuple[str, Command, str | None]:
    name = f"{row['order_id']}/{row['payment_sequential']}"
    command = AdoptPayment(
        payment_id=olist_id("payment", name),
        order_id=olist_id("order", row["order_id"]),
        customer_id=person(facts.customer_of[row["order_id"]], facts),
        sequence=int(row["payment_sequential"]),
        type=row["payment_type"],
        instalments=int(row["payment_installments"]),
        amount_minor=minor(row["payment_value"]),
        currency=CURRENCY,
    )
    return name, command, facts.bought_at[row["order_id"]]


def review(row: dict[str, str], facts: Known) -> tuple[str, Command, str | None]:
    name = f"{row['review_id']}/{row['order_id']}"
    command = AdoptReview(
        review_id=olist_id("review", name),
        origin_review_id=row["review_id"],
        order_id=olist_id("order", row["order_id"]),
        customer_id=person(facts.customer_of[row["order_id"]], facts),
        product_ids=tuple(olist_id("product", origin) for origin in facts.products_of.get(row["order_id"], ())),
        score=int(row["review_score"]),
        title=row["review_comment_title"] or None,
        comment=row["review_comment_message"] or None,
        created_on=row["review_creation_date"],
        answered_at=row["review_answer_timestamp"] or None,
    )
    return name, command, row["review_creation_date"]


def person(customer_id: str, facts: Known) -> UUID:
    """The person behind a customer id of one order. Raises Unrepresentable when the files name nobody."""
    if customer_id not in facts.person_of:
        raise Unrepresentable(f"customer {customer_id} is in no row of the customers file")
    return olist_id("person", facts.person_of[customer_id])
