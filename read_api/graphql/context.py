"""What a resolver may use: who asks, how fresh it must be, the read models, and the way to a command."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from strawberry.dataloader import DataLoader

from infra.security.tokens import Verifier
from projections.order_tracking.view import Found, OrderTracking
from projections.product_page.view import SOURCE as PRODUCTS
from projections.product_page.view import ProductPage, Readers, products_by_id
from projections.stock_levels.view import SOURCE as STOCK
from projections.stock_levels.view import StockLevel, stock
from read_api.auth import Viewer
from read_api.wait_for import Need, reach
from write_model.handling.bus import Bus
from write_model.kernel.clock import Clock
from write_model.kernel.ids import Ids

AsOf = Callable[[OrderTracking, int | datetime], Awaitable[Found[OrderTracking] | None]]


@dataclass(frozen=True, slots=True)
class Platform:
    """What lives as long as the process."""

    readers: Readers
    bus: Bus
    clock: Clock
    ids: Ids
    as_of: AsOf


@dataclass(slots=True, kw_only=True)
class Context:
    """What lives as long as one operation."""

    platform: Platform
    viewer: Viewer
    need: Need
    locale: str
    now: str  # RFC 3339, UTC
    positions: list[int] = field(default_factory=list)  # of what was read
    connection_params: dict[str, object] | None = None  # of a subscription's connection
    verifier: Verifier | None = None  # of a subscription's connection, as its token
    token: str | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)  # the header of the connection
    products: DataLoader[str, Found[ProductPage] | None] = field(init=False)
    stock: DataLoader[str, Found[StockLevel] | None] = field(init=False)

    def __post_init__(self) -> None:
        self.products = DataLoader(load_fn=self._load_products)
        self.stock = DataLoader(load_fn=self._load_stock)

    @property
    def readers(self) -> Readers:
        return self.platform.readers

    def fresh(self) -> "Context":
        """For another operation of the same connection: nothing read before is remembered."""
        return Context(
            platform=self.platform,
            viewer=self.viewer,
            need=self.need,
            locale=self.locale,
            now=self.now,
            connection_params=self.connection_params,
            verifier=self.verifier,
            token=self.token,
        )

    def viewer_now(self) -> Viewer:
        """Who asks, as of this moment: a token runs out while a subscription goes on. Raises TokenExpired."""
        if self.verifier is not None and self.token is not None:
            self.viewer = Viewer(self.verifier.verify(self.token), self.viewer.session_id)
        return self.viewer

    async def reach(self, *sources: Any) -> int:
        """Wait as the request asks; the position to read at. Raises Behind, Rebuilding."""
        await reach(self.readers, self.need, *sources)
        return self.need.position

    def saw(self, position: int) -> None:
        """The answer holds this at least; the lowest is told."""
        self.positions.append(position)

    def saw_none(self, source: Any) -> None:
        """There is no such thing, as of the view's position."""
        self.saw(max(self.readers.freshness.position(source), self.need.position))

    async def _load_products(self, keys: list[str]) -> list[Found[ProductPage] | None]:
        found = await products_by_id(self.readers, keys, await self.reach(PRODUCTS))
        return [found.get(key) for key in keys]

    async def _load_stock(self, keys: list[str]) -> list[Found[StockLevel] | None]:
        found = await stock(self.readers, keys, await self.reach(STOCK))
        return [found.get(key) for key in keys]


async def new_context(platform: Platform, viewer: Viewer, need: Need, locale: str) -> Context:
    """As of this moment."""
    now = await platform.clock.now()
    return Context(
        platform=platform,
        viewer=viewer,
        need=need,
        locale=locale,
        now=now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    )
