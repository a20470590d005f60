"""Keeps how many units there are, from the events of the stock item in the warehouse `main`."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from infra.ports import Copy
from projections.running.copying import document_copy
from projections.running.projection import HOUR, Projection
from projections.stock_levels.view import SOURCE, StockLevel
from write_model.kernel.message import Envelope
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

HANDLES = (
    StockOpened,
    StockReceived,
    StockAdjusted,
    StockReserved,
    ReservationExtended,
    ReservationReleased,
    ReservationExpired,
    ReservationAllocated,
    ReservationCommitted,
    StockRanLow,
    StockCameBack,
)
WAREHOUSE = "main"


def key(envelope: Envelope[StockEvent]) -> Sequence[str]:
    """The variant. Another warehouse has no page of its own."""
    return (str(envelope.event.variant_id),) if envelope.event.warehouse == WAREHOUSE else ()


def project(level: StockLevel | None, envelope: Envelope[StockEvent], key: str) -> StockLevel:
    event = envelope.event
    if level is None:
        level = StockLevel(id=key, product_id=str(event.product_id), warehouse=event.warehouse, version=0)
    on_hand = level.on_hand
    match event:
        case StockReceived() | StockAdjusted():
            on_hand += event.quantity
        case ReservationCommitted():
            on_hand -= event.quantity
        case _:
            pass
    low = isinstance(event, StockRanLow) or (level.low and event.available <= level.available)
    return replace(
        level,
        on_hand=on_hand,
        reserved=on_hand - event.available,
        available=event.available,
        low=low,
        version=envelope.version,
    )


def columns(level: StockLevel) -> Mapping[str, object]:
    return {"product_id": level.product_id, "on_hand": level.on_hand, "available": level.available}


def copies(level: StockLevel | None, key: str, position: int) -> Sequence[Copy]:
    return (document_copy(f"stock:{key}", position, level, HOUR),)


STOCK_LEVELS: Projection[StockLevel] = Projection(
    name="stock_levels",
    source=SOURCE,
    handles=HANDLES,
    key=key,
    project=project,
    columns=columns,
    copies=copies,
    nudge="moved:stock",
    indexes=((("productId", 1),),),
)
