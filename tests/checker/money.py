"""Is every order's money right, against the provider's ledger? And is its stock what its standing says?"""

from collections import Counter

from tests.checker.findings import Findings
from tests.checker.folds.views import Folded
from tests.checker.happened import Json, stock_stream
from tests.checker.provider import Balance, Provider
from tests.checker.stock import ALLOCATED, COMMITTED, EXPIRED, RELEASED, RESERVED, Stock
from tests.checker.wishes import Wishes

ENDED = ("CANCELLED", "EXPIRED")
HELD_AS = {"PENDING": (RESERVED,), "CONFIRMED": (ALLOCATED, COMMITTED), "COMPLETED": (COMMITTED,)}
ONCE = ("authorised", "captured", "refunded")
OPEN_INTENTS = ("requires_capture", "requires_action", "requires_confirmation", "processing")


class Money:
    def __init__(self, findings: Findings, folded: Folded, wishes: Wishes, stock: Stock) -> None:
        self._findings = findings
        self._folded = folded
        self._wishes = wishes
        self._stock = stock

    def reservations(self) -> None:
        """What an order holds of stock is what its standing says."""
        for order_id, placed in self._wishes.orders.items():
            order = self._folded.get("orders", order_id)
            if order is None:
                continue
            lifecycle = order["lifecycle"]
            allowed = HELD_AS.get(lifecycle, (RELEASED, EXPIRED))
            for each in placed["reservations"]:
                stream = stock_stream(each["variant_id"], each["warehouse"])
                units, status = self._stock.status(stream, order_id)
                is_so = status in allowed and units == each["quantity"]
                text = f"it is {lifecycle}, {units} of {each['quantity']} units of {stream} are {status or 'absent'}"
                self._findings.must(is_so, "order.reservation", order_id, text)

    def totals(self) -> None:
        """The sums of an order, by its own lines."""
        for order_id, placed in self._wishes.orders.items():
            totals = placed["totals"]
            lines = sum(line["total_minor"] for line in totals["lines"])
            is_so = totals["total_minor"] == lines + totals["shipping_minor"]
            text = f"total {totals['total_minor']}, lines {lines} and shipping {totals['shipping_minor']}"
            self._findings.must(is_so, "order.total", order_id, text)

    def against(self, provider: Provider) -> None:
        balances, intents = provider.balances(), provider.intents_of()
        self._findings.count("ledger entries", len(provider.entries))
        self._findings.count("payments at the provider", len(provider.intents))
        self._entries(provider)
        for order_id in self._wishes.orders:
            order = self._folded.get("orders", order_id)
            if order is not None:
                self._findings.count("orders against the ledger")
                self._order(order_id, order, balances.pop(order_id, Balance()), intents.pop(order_id, []))
        for order_id, balance in balances.items():
            is_moved = balance.held or balance.captured
            self._findings.must(not is_moved, "money.no_order", order_id or "no order", "money of no order of the log")
        for order_id, left in intents.items():
            is_open = any(intent["status"] in OPEN_INTENTS for intent in left)
            self._findings.must(not is_open, "money.no_order", order_id or "no order", "an open payment of no order")

    def _order(self, order_id: str, order: Json, balance: Balance, intents: list[Json]) -> None:
        def wrong(code: str, text: str) -> None:
            self._findings.wrong(code, order_id, f"{order['lifecycle']} {order['paymentStatus']}: {text}")

        payment = self._folded.get("payments", order["paymentId"]) or {}
        total, lifecycle = order["totals"]["totalMinor"], order["lifecycle"]
        on_shipment = payment.get("capturePolicy") == "on_shipment"
        if len(intents) > 1 or len(balance.charges) > 1:
            wrong("money.charged_twice", f"{len(intents)} payments, {len(balance.charges)} charges at the provider")
        if lifecycle in ENDED:
            if balance.held or any(intent["status"] in OPEN_INTENTS for intent in intents):
                wrong("money.held", f"it has ended, {balance.held} are held")
            if balance.kept:
                wrong("money.kept", f"it has ended, {balance.kept} are kept")
        elif lifecycle == "PENDING" and balance.captured:
            wrong("money.captured_early", f"{balance.captured} captured")
        elif lifecycle in ("CONFIRMED", "COMPLETED") and not on_shipment and balance.captured != total:
            wrong("money.not_captured", f"captured {balance.captured} of {total}")
        elif lifecycle in ("CONFIRMED", "COMPLETED") and not on_shipment and balance.held:
            wrong("money.held", f"{balance.held} are held beyond what was captured")
        if balance.currencies - {order["currency"]} and lifecycle not in ENDED:
            wrong("money.currency", f"in {sorted(balance.currencies)}, the order is in {order['currency']}")
        for what, ours, theirs in (
            ("captured, says the order", order["capturedMinor"], balance.captured),
            ("captured, says the payment", payment.get("capturedMinor", 0), balance.captured),
            ("refunded, says the order", order["refundedMinor"], balance.refunded),
            ("refunded, says the payment", payment.get("refundedMinor", 0), balance.refunded),
        ):
            if ours != theirs:
                wrong("money.differs", f"{ours} {what}; the provider says {theirs}")
        for refund in payment.get("refunds", ()):
            if refund["status"] not in ("SUCCEEDED", "FAILED"):
                wrong("money.refund_open", f"refund {refund['id']} is {refund['status']}")

    def _entries(self, provider: Provider) -> None:
        """One movement of a kind per charge (refunds: per refund), and refunds equal to the log's."""
        times: Counter[tuple[str, str]] = Counter()
        refunded: dict[str, int] = {}
        for entry in provider.entries:
            if entry["kind"] in ONCE:
                times[entry["kind"], entry["refund"] or entry["charge"]] += 1
            if entry["kind"] == "refunded":
                refunded[entry["refund"]] = entry["amount"]
            elif entry["kind"] == "refund_failed":
                refunded.pop(entry["refund"], None)
        for (kind, ref), number in times.items():
            self._findings.must(number == 1, "effect.repeated", ref, f"{kind} {number} times at the provider")
        for refund_id, (ref, amount, order_id) in self._wishes.refunds.items():
            self._findings.count("refunds")
            at_provider = refunded.pop(ref, None)
            text = f"refund {refund_id} of {amount}, the provider has {at_provider}"
            self._findings.must(at_provider == amount, "money.refund_differs", order_id, text)
        for ref, amount in refunded.items():
            self._findings.wrong("money.refund_unknown", ref, f"the provider gave {amount} back, the log knows nothing")
