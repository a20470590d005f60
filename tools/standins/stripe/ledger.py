"""What money moved, and what is still held? The ledger's sums, by order."""

from collections.abc import Sequence

from tools.standins.stripe.book import Body

SIGNS = {"authorised": 1, "captured": -1, "voided": -1}


def balances(entries: Sequence[Body]) -> list[Body]:
    """For each order and currency: authorised, captured, voided, refunded, held (open) and kept (captured - refunded).

    Payments without an order in their metadata stand under `order_id` null.
    """
    sums: dict[tuple[str | None, str], Body] = {}
    for entry in entries:
        place = (entry["order_id"], entry["currency"])
        total = sums.setdefault(
            place,
            {
                "order_id": place[0],
                "currency": place[1],
                "authorised": 0,
                "captured": 0,
                "voided": 0,
                "refunded": 0,
                "intents": set(),
            },
        )
        total["intents"].add(entry["intent"])
        if entry["kind"] == "refund_failed":
            total["refunded"] -= entry["amount"]
        else:
            total[entry["kind"]] += entry["amount"]
    return [_closed(each) for each in sums.values()]


def _closed(total: Body) -> Body:
    held = sum(total[kind] * sign for kind, sign in SIGNS.items())
    return total | {
        "intents": sorted(total["intents"]),
        "held": held,
        "kept": total["captured"] - total["refunded"],
    }
