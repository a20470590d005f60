"""What goes wrong next? Faults that a test asked for, matched by operation and counted down."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tools.standins.stripe.book import Book

FAULTS = "faults"
KINDS = (
    "fail_before",  # 500, nothing was done, the key keeps nothing
    "fail_before_stored",  # 500, nothing was done, the key keeps the 500 as Stripe's does
    "fail_after",  # 500, everything was done
    "drop_before",  # the connection ends, nothing was done
    "drop_after",  # the connection ends in the middle of the answer, everything was done
    "delay",  # the act comes `seconds` late
    "delay_after",  # the act comes at once (with its webhooks), the answer `seconds` late
    "rate_limit",  # 429, nothing was done
    "alter_amount",  # another `amount` is authorised than the one that was asked for
)


@dataclass(frozen=True, slots=True)
class Fault:
    kind: str
    operation: str = "*"  # as "payment_intents.create"; "*": any, "payment_intents.*": any of these
    times: int | None = 1  # so many calls; None: until it is taken away
    seconds: float = 0.0
    amount: int | None = None

    @staticmethod
    def of(body: Mapping[str, Any]) -> "Fault":
        """Raises ValueError."""
        known = {each.name for each in fields(Fault)}
        if unknown := set(body) - known:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        if body.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of: {', '.join(KINDS)}")
        return Fault(**body)

    def hits(self, operation: str) -> bool:
        if self.operation in ("*", operation):
            return True
        return self.operation.endswith(".*") and operation.startswith(self.operation[:-1])


def add(book: Book, fault: Fault) -> None:
    book.set_wish(FAULTS, [*(book.wish(FAULTS) or []), asdict(fault)])


def planned(book: Book) -> list[Fault]:
    return [Fault(**each) for each in book.wish(FAULTS) or []]


def take(book: Book, operation: str) -> Fault | None:
    """The first fault that hits this call, counted down. Call it in a transaction."""
    faults = planned(book)
    for place, fault in enumerate(faults):
        if not fault.hits(operation):
            continue
        if fault.times is not None:
            left = fault.times - 1
            kept = [asdict(fault) | {"times": left}] if left > 0 else []
            book.set_wish(
                FAULTS, [asdict(each) for each in faults[:place]] + kept + [asdict(e) for e in faults[place + 1 :]]
            )
        return fault
    return None
