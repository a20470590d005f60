"""Stock items as tests want them: opened, filled, with reservations."""

from datetime import datetime, timedelta
from uuid import UUID

from tests.kit.builders.ids import ORDER_ID, PRODUCT_ID, VARIANT_ID
from tests.kit.given import NOW
from write_model.stock.events import StockEvent, StockOpened, StockReceived, StockReserved

IN_15_MINUTES = NOW + timedelta(minutes=15)


def stock_opened(*, product_id: UUID = PRODUCT_ID, variant_id: UUID = VARIANT_ID) -> StockOpened:
    return StockOpened(product_id=product_id, variant_id=variant_id, warehouse="main", available=0)


def stock_received(
    *, quantity: int = 10, available: int | None = None, product_id: UUID = PRODUCT_ID, variant_id: UUID = VARIANT_ID
) -> StockReceived:
    return StockReceived(
        product_id=product_id,
        variant_id=variant_id,
        warehouse="main",
        available=quantity if available is None else available,
        quantity=quantity,
        reason="delivery",
    )


def stock_reserved(
    *,
    quantity: int = 3,
    available: int = 7,
    reservation_id: UUID = ORDER_ID,
    expires_at: datetime = IN_15_MINUTES,
    product_id: UUID = PRODUCT_ID,
    variant_id: UUID = VARIANT_ID,
) -> StockReserved:
    return StockReserved(
        product_id=product_id,
        variant_id=variant_id,
        warehouse="main",
        available=available,
        reservation_id=reservation_id,
        quantity=quantity,
        expires_at=expires_at,
    )


def stock_of(quantity: int = 10, *, product_id: UUID = PRODUCT_ID, variant_id: UUID = VARIANT_ID) -> list[StockEvent]:
    """Opened, and with so many units."""
    opened = stock_opened(product_id=product_id, variant_id=variant_id)
    if quantity == 0:
        return [opened]
    return [opened, stock_received(quantity=quantity, product_id=product_id, variant_id=variant_id)]
