"""These classes are the storage format. A change to one needs a new version and an upcaster.

Each event names its variant and warehouse and says what is available after it, so that listeners need no state.
A reservation's id is the order's id.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from write_model.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StockEventOfItem(Event):
    """What every stock event says."""

    product_id: UUID
    variant_id: UUID
    warehouse: str
    available: int  # after this event: on hand − reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class StockOpened(StockEventOfItem):
    """The variant exists: its stock starts at 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockReceived(StockEventOfItem):
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StockAdjusted(StockEventOfItem):
    quantity: int  # signed difference
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StockReserved(StockEventOfItem):
    reservation_id: UUID
    quantity: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationExtended(StockEventOfItem):
    reservation_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationReleased(StockEventOfItem):
    reservation_id: UUID
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationExpired(StockEventOfItem):
    reservation_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationAllocated(StockEventOfItem):
    """The order is confirmed: the units stay reserved and never expire."""

    reservation_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationCommitted(StockEventOfItem):
    """Shipped: the units have left the warehouse."""

    reservation_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRanLow(StockEventOfItem):
    threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockCameBack(StockEventOfItem):
    """Available again after 0."""


StockEvent = (
    StockOpened
    | StockReceived
    | StockAdjusted
    | StockReserved
    | ReservationExtended
    | ReservationReleased
    | ReservationExpired
    | ReservationAllocated
    | ReservationCommitted
    | StockRanLow
    | StockCameBack
)
