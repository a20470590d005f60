"""Do the read models say what the Olist files say? Reads the CSV files again and shares no code with the importer."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path


@dataclass(slots=True)
class OrderFacts:
    """What both sides must agree on for one order; amounts in minor units."""

    status: str = ""
    month: str = ""  # YYYY-MM on the wall in São Paulo
    items: list[tuple[int, int, int]] = field(default_factory=list)  # line, price, freight
    payments: list[tuple[int, str, int, int]] = field(default_factory=list)  # sequence, type, instalments, amount
    scores: list[int] = field(default_factory=list)

    def sorted(self) -> "OrderFacts":
        """The same facts in an order that does not depend on the reading."""
        return OrderFacts(self.status, self.month, sorted(self.items), sorted(self.payments), sorted(self.scores))


def cents(text: str) -> int:
    """Reais with up to two decimals as minor units. Raises ValueError for a fraction of a cent."""
    minor = Decimal(text) * 100
    if minor != minor.to_integral_value():
        raise ValueError(f"{text} is no whole number of cents")
    return int(minor)


def rows(directory: Path, name: str) -> Iterator[dict[str, str]]:
    with (directory / f"olist_{name}_dataset.csv").open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def read_facts(directory: Path) -> dict[str, OrderFacts]:
    """What the files say, by Olist's order id. A row whose order is unknown stands under that id all the same."""
    facts: defaultdict[str, OrderFacts] = defaultdict(OrderFacts)
    for row in rows(directory, "orders"):
        order = facts[row["order_id"]]
        order.status = row["order_status"]
        order.month = row["order_purchase_timestamp"][:7]
    for row in rows(directory, "order_items"):
        item = (int(row["order_item_id"]), cents(row["price"]), cents(row["freight_value"]))
        facts[row["order_id"]].items.append(item)
    for row in rows(directory, "order_payments"):
        facts[row["order_id"]].payments.append(
            (
                int(row["payment_sequential"]),
                row["payment_type"],
                int(row["payment_installments"]),
                cents(row["payment_value"]),
            )
        )
    for row in rows(directory, "order_reviews"):
        facts[row["order_id"]].scores.append(int(row["review_score"]))
    return {order: order_facts.sorted() for order, order_facts in facts.items()}


def summary(facts: Mapping[str, OrderFacts], people: int) -> dict[str, object]:
    """The report's figures from facts of either side."""
    orders = [order for order in facts.values() if order.status]
    items = [item for order in facts.values() for item in order.items]
    payments = [payment for order in facts.values() for payment in order.payments]
    by_type: defaultdict[str, list[int]] = defaultdict(list)
    for _, type_, _, amount in payments:
        by_type[type_].append(amount)
    return {
        "orders": {
            "total": len(orders),
            "by_status": dict(sorted(Counter(order.status for order in orders).items())),
            "by_month": dict(sorted(Counter(order.month for order in orders).items())),
        },
        "items": {
            "count": len(items),
            "price_minor": sum(price for _, price, _ in items),
            "freight_minor": sum(freight for _, _, freight in items),
        },
        "payments": {
            "count": len(payments),
            "amount_minor": sum(amount for *_, amount in payments),
            "by_type": {
                type_: {"count": len(amounts), "amount_minor": sum(amounts)}
                for type_, amounts in sorted(by_type.items())
            },
        },
        "reviews": {
            "count": sum(len(order.scores) for order in facts.values()),
            "score_sum": sum(score for order in facts.values() for score in order.scores),
        },
        "customers": {"people": people},
    }


def differences(files: Mapping[str, OrderFacts], read: Mapping[str, OrderFacts], most: int = 1000) -> list[str]:
    """One line for every fact that differs, order by order; at most so many."""
    found: list[str] = []
    for order_id in sorted(files.keys() | read.keys()):
        theirs, ours = files.get(order_id), read.get(order_id)
        if theirs is None or ours is None:
            found.append(f"order {order_id}: only in the {'read models' if theirs is None else 'files'}")
        elif theirs != ours:
            found += [
                f"order {order_id}: {name} is {getattr(theirs, name)!r} in the files, {getattr(ours, name)!r} here"
                for name in OrderFacts.__slots__
                if getattr(theirs, name) != getattr(ours, name)
            ]
        if len(found) >= most:
            break
    return found[:most]


def count_people(directory: Path) -> int:
    """How many people the files name, with or without an order."""
    return len({row["customer_unique_id"] for row in rows(directory, "customers")})
