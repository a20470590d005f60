"""What does a product's page show, and which products are there?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from infra.ports import Query
from projections.running.cursors import BadCursor, position_after
from projections.running.log_end import LostFuture
from projections.running.projection import MONGO, SQL, Document, Source
from projections.running.reading import Behind, Choice, Found, Page, Readers, Rebuilding, many, one, page

__all__ = ["BadCursor", "Behind", "Found", "LostFuture", "Page", "Readers", "Rebuilding"]

PUBLISHED = "PUBLISHED"


class Image(Document, frozen=True, kw_only=True):
    url: str
    alt: Mapping[str, str]


class Price(Document, frozen=True, kw_only=True):
    """In force from then on; None: from the variant's first day."""

    valid_from: str | None
    price_minor: int


class Variant(Document, frozen=True, kw_only=True):
    id: str
    sku: str
    attributes: Mapping[str, str]
    price_minor: int  # in force when the product last changed
    prices: tuple[Price, ...]  # in the order in which they were decided

    def price_at(self, moment: str) -> int:
        """The price at a moment (RFC 3339, UTC): the latest date that has come; on one date the latest word."""
        best = self.prices[0]
        for price in self.prices[1:]:
            starts, before = price.valid_from, best.valid_from
            if starts is not None and starts <= moment and (before is None or before <= starts):
                best = price
        return best.price_minor


class Rating(Document, frozen=True, kw_only=True):
    """Exact: a fold of all reviews."""

    sum: int = 0
    count: int = 0


class Adopted(Document, frozen=True, kw_only=True):
    """What another system said of it."""

    origin_id: str
    category_english: str | None
    name_length: int | None
    description_length: int | None
    photos: int | None
    weight_g: int | None
    length_cm: int | None
    height_cm: int | None
    width_cm: int | None


class ProductPage(Document, frozen=True, kw_only=True):
    id: str
    status: str  # DRAFT, PUBLISHED, ARCHIVED, ADOPTED
    version: int  # of its stream
    slug: str | None = None
    titles: Mapping[str, str] = {}
    descriptions: Mapping[str, str] = {}
    category: str | None = None
    tax_category: str | None = None
    currency: str | None = None
    images: tuple[Image, ...] = ()
    variants: tuple[Variant, ...] = ()
    rating: Rating = Rating()
    created_at: str
    updated_at: str
    adopted: Adopted | None = None


SOURCE: Source[ProductPage] = Source("products", ProductPage, (MONGO, SQL))
LIST: Source[ProductPage] = Source("products", ProductPage, (SQL,))  # the list is asked of SQL alone
LISTED = "products_listed_v1"  # the SQL table joined with what is available
STOCK: Source[Document] = Source("stock_levels", Document, (SQL,))  # what it is joined with


class Sort(Enum):
    """Columns and whether they fall; the id makes each unique."""

    NEWEST = (("created_at", True), ("id", False))
    TITLE = (("title", False), ("id", False))
    PRICE_UP = (("price_minor", False), ("id", False))
    PRICE_DOWN = (("price_minor", True), ("id", False))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """All that are given must hold. Amounts in minor units."""

    category: str | None = None
    price_min: int | None = None
    price_max: int | None = None
    available: bool | None = None
    search: str | None = None  # in titles of any language
    status: str = PUBLISHED


async def product(readers: Readers, product_id: str, at_least: int = 0) -> Found[ProductPage] | None:
    """One page, from the copy, the document or the row. Raises Behind, Rebuilding."""
    return await one(readers, SOURCE, product_id, at_least, copy_key=f"product:cache:{product_id}")


async def product_by_slug(readers: Readers, slug: str, at_least: int = 0) -> Found[ProductPage] | None:
    """The same by its address. Raises Behind, Rebuilding."""
    by_id = (("_id", False),)
    choices: tuple[Choice[ProductPage], ...] = (
        Choice(SOURCE, MONGO, Query(order=by_id, limit=1, equal={"slug": slug})),
        Choice(SOURCE, SQL, Query(order=(("id", False),), limit=1, equal={"slug": slug})),
    )
    found = await page(readers, choices, "slug", 1, at_least)
    return None if not found.items else Found(found.items[0][1], found.position)


async def products_by_id(
    readers: Readers, product_ids: Sequence[str], at_least: int = 0
) -> Mapping[str, Found[ProductPage]]:
    """Several at once; those that do not exist are absent. Raises Behind, Rebuilding."""
    return await many(readers, SOURCE, product_ids, at_least, copy_key="product:cache:{}".format)


async def products(
    readers: Readers,
    wanted: ProductFilter,
    sort: Sort = Sort.NEWEST,
    first: int = 20,
    after: str | None = None,
    at_least: int = 0,
) -> Page[ProductPage]:
    """A page of products, from SQL. Raises Behind, Rebuilding, BadCursor."""
    equal: dict[str, object] = {"status": wanted.status}
    if wanted.category is not None:
        equal["category"] = wanted.category
    lowest: dict[str, object] = {} if wanted.price_min is None else {"price_minor": wanted.price_min}
    highest: dict[str, object] = {} if wanted.price_max is None else {"price_minor": wanted.price_max}
    if wanted.available is True:
        lowest["available"] = 1
    elif wanted.available is False:
        highest["available"] = 0
    query = Query(
        order=sort.value,
        limit=first + 1,
        equal=equal,
        at_least=lowest,
        at_most=highest,
        contains={} if not wanted.search else {"searched": wanted.search},
        after=position_after(after, sort.name, len(sort.value)),
    )
    return await page(readers, (Choice(LIST, SQL, query, LISTED, (LIST, STOCK)),), sort.name, first, at_least)
