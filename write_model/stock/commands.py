"""What may be asked of the stock of one variant in one warehouse. A reservation's id is the order's id."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from write_model.kernel.message import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class StockCommandOfItem(Command):
    """What every stock command says: which item."""

    variant_id: UUID
    warehouse: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStock(StockCommandOfItem):
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveStock(StockCommandOfItem):
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustStock(StockCommandOfItem):
    quantity: int  # signed difference
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveStock(StockCommandOfItem):
    reservation_id: UUID
    quantity: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendReservation(StockCommandOfItem):
    reservation_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReservation(StockCommandOfItem):
    reservation_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireReservation(StockCommandOfItem):
    """By the timer. Allocated, released or extended meanwhile: nothing happens."""

    reservation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateReservation(StockCommandOfItem):
    reservation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitReservation(StockCommandOfItem):
    reservation_id: UUID


StockCommand = (
    OpenStock
    | ReceiveStock
    | AdjustStock
    | ReserveStock
    | ExtendReservation
    | ReleaseReservation
    | ExpireReservation
    | AllocateReservation
    | CommitReservation
)
