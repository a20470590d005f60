"""What a resolver may use: who asks, how fresh it must be, the read models, and the way to a command."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graphql import DocumentNode
from strawberry.dataloader import DataLoader

from infra.security.tokens import Verifier
from projections.order_tracking.view import Found, OrderTracking
from projections.product_page.view import SOURCE as PRODUCTS
from projections.product_page.view import Behind, LostFuture, ProductPage, Readers, Rebuilding, products_by_id
from projections.stock_levels.view import SOURCE as STOCK
from projections.stock_levels.view import StockLevel, stock
from read_api.auth import Viewer
from read_api.kept.documents import Documents, Known
from read_api.kept.uses import Uses
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
    documents: Documents


@dataclass(slots=True, kw_only=True)
class Context:
    """What lives as long as one operation."""

    platform: Platform
    asker: Viewer
    need: Need
    locale: str
    now: str  # RFC 3339, UTC
    uses: Uses = field(default_factory=Uses)  # what the answer rests on
    positions: list[int] = field(default_factory=list)  # of what was read
    connection_params: dict[str, object] | None = None  # of a subscription's connection
    verifier: Verifier | None = None  # of a subscription's connection, as its token
    token: str | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)  # the header of the connection
    products: DataLoader[str, Known[ProductPage]] = field(init=False)
    stock: DataLoader[str, Known[StockLevel]] = field(init=False)
    validated: DocumentNode | None = None  # what the library found valid, once it has looked
    _unreached: dict[Any, Exception] = field(default_factory=dict)  # by view

    def __post_init__(self) -> None:
        self.products = DataLoader(load_fn=self.load_products)
        self.stock = DataLoader(load_fn=self.load_stock)

    @property
    def readers(self) -> Readers:
        return self.platform.readers

    @property
    def viewer(self) -> Viewer:
        """Whoever looks at it makes an answer for this viewer alone."""
        self.uses.is_personal = True
        return self.asker

    def begin_again(self) -> None:
        """Nothing was read; but a view that could not be reached is not waited for a second time."""
        self.positions.clear()
        self.uses.clear()
        self.__post_init__()

    def fresh(self) -> "Context":
        """For another operation of the same connection: nothing read before is remembered."""
        return Context(
            platform=self.platform,
            asker=self.asker,
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
            self.asker = Viewer(self.verifier.verify(self.token), self.asker.session_id)
        return self.viewer

    async def reach(self, *sources: Any) -> int:
        """Wait as the request asks, once for each view; the position to read at.

        Raises Behind, Rebuilding, LostFuture.
        """
        for source in sources:
            if source in self._unreached:
                raise self._unreached[source]
            try:
                await reach(self.readers, self.need, source)
            except (Behind, Rebuilding, LostFuture) as problem:
                self._unreached[source] = problem
                raise
        return self.need.position

    def saw(self, position: int) -> None:
        """The answer holds this at least; the lowest is told. Nobody hears when it changes: it is not kept."""
        self.positions.append(position)
        self.uses.unwatched = True

    def rests_on(self, source: Any, position: int, *keys: str, stale: bool = False) -> None:
        """The answer holds these documents of the view as of the position, and is kept until they change."""
        self.positions.append(position)
        self.uses.rests_on(source, position, *keys, stale=stale)

    def saw_none(self, source: Any) -> None:
        """There is no such thing, as of the view's position."""
        self.saw(max(self.readers.freshness.position(source), self.need.position))

    async def product(self, key: str) -> Known[ProductPage]:
        """Raises Behind, Rebuilding."""
        known = None if self.need.position else self.platform.documents.one(PRODUCTS, key)
        return await self.products.load(key) if known is None else known

    async def load_products(self, keys: list[str]) -> list[Known[ProductPage]]:
        """In the order of the keys. Raises Behind, Rebuilding."""
        found = await self.platform.documents.many(PRODUCTS, keys, await self.reach(PRODUCTS), products_by_id)
        return [found[key] for key in keys]

    async def load_stock(self, keys: list[str]) -> list[Known[StockLevel]]:
        """In the order of the keys. Raises Behind, Rebuilding."""
        found = await self.platform.documents.many(STOCK, keys, await self.reach(STOCK), stock)
        return [found[key] for key in keys]


async def new_context(platform: Platform, viewer: Viewer, need: Need, locale: str, uses: Uses | None = None) -> Context:
    """As of this moment."""
    now = await platform.clock.now()
    return Context(
        platform=platform,
        asker=viewer,
        need=need,
        locale=locale,
        uses=uses or Uses(),
        now=now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    )
