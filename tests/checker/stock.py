"""Is stock never negative, at any prefix? Available, held and on hand, with each reservation made and ended once."""

from dataclasses import dataclass, field

from tests.checker.findings import Findings
from tests.checker.happened import Happened

RESERVED, ALLOCATED, RELEASED, EXPIRED, COMMITTED = "RESERVED", "ALLOCATED", "RELEASED", "EXPIRED", "COMMITTED"
MOVES = {  # what may follow what
    "stock.reservation_extended": ((RESERVED,), RESERVED),
    "stock.reservation_released": ((RESERVED, ALLOCATED), RELEASED),
    "stock.reservation_expired": ((RESERVED,), EXPIRED),
    "stock.reservation_allocated": ((RESERVED,), ALLOCATED),
    "stock.reservation_committed": ((ALLOCATED,), COMMITTED),
}
HOLDING = (RESERVED, ALLOCATED)


@dataclass(slots=True)
class Item:
    on_hand: int = 0
    reserved: int = 0
    reservations: dict[str, tuple[int, str]] = field(default_factory=dict)  # id → units and status


class Stock:
    """Follows the stock events; all that it says is said of the event after which it is wrong."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.items: dict[str, Item] = {}

    def apply(self, event: Happened) -> None:
        if event.room != "stock":
            return
        self._findings.count("stock events")
        item = self.items.setdefault(event.stream, Item())
        self._move(item, event)
        available, where = item.on_hand - item.reserved, event.position
        must = self._findings.must
        must(item.on_hand >= 0, "stock.negative", where, f"{event.stream} has {item.on_hand} on hand")
        must(item.reserved >= 0, "stock.negative", where, f"{event.stream} has {item.reserved} held")
        must(available >= 0, "stock.oversold", where, f"{event.stream} has {available} available")
        told = event.data["available"]
        must(told == available, "stock.available_differs", where, f"says {told} available, is {available}")

    def end(self) -> None:
        for stream, item in self.items.items():
            self._findings.count("reservations", len(item.reservations))
            held = sum(units for units, status in item.reservations.values() if status in HOLDING)
            self._findings.must(
                held == item.reserved, "stock.reservations_differ", stream, f"{item.reserved} held, reserved are {held}"
            )

    def status(self, stream: str, reservation: str) -> tuple[int, str]:
        """Units and status of a reservation; 0 and "" where there is none."""
        item = self.items.get(stream)
        return (0, "") if item is None else item.reservations.get(reservation, (0, ""))

    def _move(self, item: Item, event: Happened) -> None:
        data, kind = event.data, event.type
        if kind in ("stock.received", "stock.adjusted"):
            item.on_hand += data["quantity"]
        elif kind == "stock.reserved":
            name = data["reservation_id"]
            if name in item.reservations:
                self._findings.wrong("stock.reserved_twice", event.position, f"reservation {name} is there before")
            item.reservations[name] = data["quantity"], RESERVED
            item.reserved += data["quantity"]
        elif kind in MOVES:
            self._end_of(item, event)

    def _end_of(self, item: Item, event: Happened) -> None:
        name = event.data["reservation_id"]
        units, status = item.reservations.get(name, (0, ""))
        allowed, after = MOVES[event.type]
        if status not in allowed:
            self._findings.wrong(
                "stock.reservation_order", event.position, f"{event.type} of a reservation that is {status or 'absent'}"
            )
        if event.data.get("quantity", units) != units:
            self._findings.wrong(
                "stock.reservation_units", event.position, f"{event.data['quantity']} units of {units} reserved"
            )
        item.reservations[name] = units, after
        if after not in HOLDING and status in HOLDING:
            item.reserved -= units
        if after == COMMITTED:
            item.on_hand -= units
