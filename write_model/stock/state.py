"""What decisions about the stock of a variant in a warehouse need to know, as its events tell it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from write_model.stock.events import (
    ReservationAllocated,
    ReservationCommitted,
    ReservationExpired,
    ReservationExtended,
    ReservationReleased,
    StockAdjusted,
    StockCameBack,
    StockEvent,
    StockOpened,
    StockRanLow,
    StockReceived,
    StockReserved,
)

RESERVED, ALLOCATED, COMMITTED = "RESERVED", "ALLOCATED", "COMMITTED"
RELEASED, EXPIRED = "RELEASED", "EXPIRED"
EXTENSION = timedelta(minutes=30)  # at most, in all, beyond the first expiry
SHELVES = 256


@dataclass(frozen=True, slots=True)
class Held:
    """One reservation. It is remembered after its end, so that nothing happens to it twice."""

    quantity: int
    status: str
    expires_at: datetime
    latest: datetime  # it is never extended beyond


@dataclass(frozen=True, slots=True)
class Reservations:
    """All reservations by id, in shelves: a new one copies one shelf and not every reservation of a hot item."""

    shelves: tuple[Mapping[UUID, Held], ...] = ({},) * SHELVES

    def find(self, reservation_id: UUID) -> Held | None:
        return self.shelves[reservation_id.int % SHELVES].get(reservation_id)

    def keep(self, reservation_id: UUID, held: Held) -> "Reservations":
        at = reservation_id.int % SHELVES
        shelf = {**self.shelves[at], reservation_id: held}
        return Reservations((*self.shelves[:at], shelf, *self.shelves[at + 1 :]))

    def __iter__(self) -> Iterator[Held]:
        return (held for shelf in self.shelves for held in shelf.values())


@dataclass(frozen=True, slots=True)
class StockItem:
    product_id: UUID | None = None  # None: not opened
    variant_id: UUID | None = None
    warehouse: str = ""
    on_hand: int = 0
    reserved: int = 0  # of which are held: reserved or allocated
    ran_out: bool = False  # it has been available before, and is not now
    reservations: Reservations = field(default_factory=Reservations)

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved

    def reservation(self, reservation_id: UUID) -> Held | None:
        return self.reservations.find(reservation_id)


def evolve(item: StockItem, event: StockEvent) -> StockItem:
    changed = _changed(item, event)
    ran_out = changed.available == 0 and (item.available > 0 or item.ran_out)
    return changed if changed.ran_out == ran_out else replace(changed, ran_out=ran_out)


def _changed(item: StockItem, event: StockEvent) -> StockItem:
    match event:
        case StockOpened():
            return StockItem(product_id=event.product_id, variant_id=event.variant_id, warehouse=event.warehouse)
        case StockReceived() | StockAdjusted():
            return replace(item, on_hand=item.on_hand + event.quantity)
        case StockReserved():
            held = Held(event.quantity, RESERVED, event.expires_at, event.expires_at + EXTENSION)
            reservations = item.reservations.keep(event.reservation_id, held)
            return replace(item, reserved=item.reserved + event.quantity, reservations=reservations)
        case ReservationExtended():
            return _marked(item, event.reservation_id, expires_at=event.expires_at)
        case ReservationReleased():
            return replace(_marked(item, event.reservation_id, RELEASED), reserved=item.reserved - event.quantity)
        case ReservationExpired():
            return replace(_marked(item, event.reservation_id, EXPIRED), reserved=item.reserved - event.quantity)
        case ReservationAllocated():
            return _marked(item, event.reservation_id, ALLOCATED)
        case ReservationCommitted():
            return replace(
                _marked(item, event.reservation_id, COMMITTED),
                on_hand=item.on_hand - event.quantity,
                reserved=item.reserved - event.quantity,
            )
        case StockRanLow() | StockCameBack():
            return item
        case _:
            assert_never(event)


def _marked(
    item: StockItem, reservation_id: UUID, status: str | None = None, expires_at: datetime | None = None
) -> StockItem:
    held = item.reservation(reservation_id)
    if held is None:
        return item
    marked = replace(held, status=status or held.status, expires_at=expires_at or held.expires_at)
    return replace(item, reservations=item.reservations.keep(reservation_id, marked))
