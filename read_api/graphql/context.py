"""What a resolver may use: who asks, how fresh it must be, the read models, and the way to a command."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from strawberry.dataloader import DataLoader

from projections.order_tracking.view import Found, OrderTracking
from projections.product_page.view import ProductPage, Readers, products_by_id
from projections.stock_levels.view import StockLevel, stock
from read_api.auth import Viewer
from read_api.wait_for import Need, reach
from write_model.handling.bus import Bus
from write_model.kernel.clock import Clock
from write_model.kernel.ids import Ids

AsOf = Callable[[str, int | datetime], Awaitable[Found[OrderTracking] | None]]


@dataclass(frozen=True, slots=True)
class Platform:
    """What lives as long as the process."""

    readers: Readers
    bus: Bus
    clock: Clock
    ids: Ids
    as_of: AsOf


@dataclass(slots=True)
class Context:
    """What lives as long as one request."""

    platform: Platform
    viewer: Viewer
    need: Need
    locale: str
    now: str  # RFC 3339, UTC
    positions: list[int] = field(default_factory=list)  # of what was read
    connection_params: dict[str, object] | None = None  # of a subscription's connection
    products: DataLoader[str, Found[ProductPage] | None] = field(init=False)
    stock: DataLoader[str, StockLevel | None] = field(init=False)

    def __post_init__(self) -> None:
        self.products = DataLoader(load_fn=self._load_products)
        self.stock = DataLoader(load_fn=self._load_stock)

    @property
    def readers(self) -> Readers:
        return self.platform.readers

    async def reach(self, *sources: Any) -> int:
        """Wait as the request asks; the position to read at. Raises Behind, Rebuilding."""
        await reach(self.readers, self.need, *sources)
        return self.need.position

    def saw(self, position: int) -> None:
        """The answer holds this at least; the lowest is told."""
        self.positions.append(position)

    async def _load_products(self, keys: list[str]) -> list[Found[ProductPage] | None]:
        found = await products_by_id(self.readers, keys, self.need.position)
        return [found.get(key) for key in keys]

    async def _load_stock(self, keys: list[str]) -> list[StockLevel | None]:
        found = await stock(self.readers, keys, self.need.position)
        return [found[key].document if key in found else None for key in keys]


def caller_of(viewer: Viewer) -> str | None:
    """The scope of an Idempotency-Key; None: nobody that could be recognised."""
    if viewer.customer_id is not None:
        return f"{'admin' if viewer.is_staff else 'customer'}:{viewer.customer_id}"
    return None if viewer.session_id is None else f"session:{viewer.session_id}"
