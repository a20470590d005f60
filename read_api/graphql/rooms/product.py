"""Products as GraphQL shows them: a page, a list, and what of each variant is there."""

from enum import Enum

import strawberry
from strawberry.types import Info

from projections.product_page import view as pages
from projections.product_page.view import PUBLISHED, ProductPage
from projections.stock_levels import view as levels
from read_api.graphql.compiled.batches import Batched
from read_api.graphql.context import Context
from read_api.graphql.errors import Failed
from read_api.graphql.relay import as_uuid, page_info, page_size
from read_api.graphql.types import Attribute, Minor, Money, Node, PageInfo, attributes, money, text
from read_api.kept.documents import Known
from read_api.kept.uses import ANY, LISTED
from read_api.wait_for import floor

Asked = Info[Context, None]


DRAFT = "DRAFT"


@strawberry.type
class Stock:
    """As of `position`."""

    available: int
    position: Minor


@strawberry.type
class Image:
    url: str
    alt: str


@strawberry.type
class Rating:
    average: float
    count: int


def stocked(variant: "Variant", found: Known[levels.StockLevel], context: Context) -> Stock | None:
    """Null: this variant was never in stock."""
    context.rests_on(levels.SOURCE, found.position, variant.id, stale=found.stale)
    level = found.document
    return None if level is None else Stock(available=level.available, position=Minor(found.position))


STOCK = Batched(key=lambda variant: str(variant.id), load=Context.load_stock, shown=stocked)


@strawberry.type
class Variant:
    id: strawberry.ID
    sku: str
    price: Money
    attributes: list[Attribute]

    @strawberry.field(metadata=STOCK.as_metadata())  # type: ignore[untyped-decorator]  # of the library
    async def stock(self, info: Asked) -> Stock | None:
        """What may be bought now; null: this variant was never in stock."""
        return stocked(self, await info.context.stock.load(self.id), info.context)


@strawberry.type
class Product(Node):
    id: strawberry.ID
    slug: str
    status: str
    category: str | None
    images: list[Image]
    rating: Rating | None
    variants: list[Variant]
    titles: strawberry.Private[dict[str, str]]
    descriptions: strawberry.Private[dict[str, str]]

    @strawberry.field
    def title(self, info: Asked, locale: str | None = None) -> str:
        """In that language (es, en), else in the request's."""
        return text(self.titles, locale or info.context.locale)

    @strawberry.field
    def description(self, info: Asked, locale: str | None = None) -> str:
        """In that language (es, en), else in the request's."""
        return text(self.descriptions, locale or info.context.locale)


@strawberry.type
class ProductEdge:
    cursor: str
    node: Product


@strawberry.type
class ProductConnection:
    edges: list[ProductEdge]
    page_info: PageInfo

    @strawberry.field
    def nodes(self) -> list[Product]:
        return [edge.node for edge in self.edges]


@strawberry.input
class PriceRange:
    """Minor units, both ends included."""

    min: Minor | None = None
    max: Minor | None = None


@strawberry.input
class ProductFilter:
    """All that are given must hold."""

    category: str | None = None
    price: PriceRange | None = None
    available: bool | None = None


@strawberry.enum
class ProductSort(Enum):
    NEWEST = "NEWEST"
    TITLE = "TITLE"
    PRICE_UP = "PRICE_UP"
    PRICE_DOWN = "PRICE_DOWN"


def shown(page: ProductPage, context: Context) -> Product:
    """The document in GraphQL's types; prices as they are at this moment."""
    for variant in page.variants:
        for price in variant.prices[1:]:  # the first holds from the beginning
            if price.valid_from is not None and price.valid_from > context.now:
                context.uses.changes_at(price.valid_from)
    return Product(
        id=strawberry.ID(page.id),
        slug=page.slug or "",
        status=page.status,
        category=page.category,
        images=[Image(url=image.url, alt=text(image.alt, context.locale)) for image in page.images],
        rating=Rating(average=page.rating.sum / page.rating.count, count=page.rating.count)
        if page.rating.count
        else None,
        variants=[
            Variant(
                id=strawberry.ID(variant.id),
                sku=variant.sku,
                price=money(variant.price_at(context.now), page.currency),
                attributes=attributes(variant.attributes),
            )
            for variant in page.variants
        ],
        titles=dict(page.titles),
        descriptions=dict(page.descriptions),
    )


async def product(info: Asked, id: strawberry.ID | None = None, slug: str | None = None) -> Product | None:
    """One product by id or by slug. A draft is there for staff only."""
    context = info.context
    if (id is None) == (slug is None):
        raise Failed("edge.query_invalid", message="give id or slug, one of them")
    if id is not None:
        key = str(as_uuid(id, "id"))
        found = await context.product(key)
    else:
        key, found = ANY, await _by_slug(context, slug or "")
    context.rests_on(pages.SOURCE, found.position, key, stale=found.stale)
    page = found.document
    if page is None or (page.status == DRAFT and not context.viewer.is_staff):
        return None
    return shown(page, context)


async def _by_slug(context: Context, slug: str) -> Known[ProductPage]:
    at_least = await context.reach(pages.SOURCE)
    before = floor(context.readers, pages.SOURCE, at_least)
    found = await pages.product_by_slug(context.readers, slug, at_least)
    return Known(None, before) if found is None else Known(found.document, found.position, found.stale)


async def products(
    info: Asked,
    where: ProductFilter | None = None,
    sort_by: ProductSort = ProductSort.NEWEST,
    search: str | None = None,
    first: int = 20,
    after: str | None = None,
) -> ProductConnection:
    """Published products. At most 100 a page; `after` is the endCursor of the page before, under the same sort."""
    context = info.context
    first = page_size(first)
    at_least = await context.reach(pages.LIST, levels.LIST)
    stocked = floor(context.readers, levels.LIST, at_least)
    page = await pages.products(
        context.readers,
        _filter(where, search),
        pages.Sort[sort_by.value],
        first,
        after,
        at_least,
    )
    context.rests_on(pages.LIST, page.position, ANY)
    if where is not None and where.available is not None:
        context.uses.rests_on(levels.LIST, stocked, LISTED)
    edges = [ProductEdge(cursor=cursor, node=shown(document, context)) for cursor, document in page.items]
    return ProductConnection(edges=edges, page_info=page_info([edge.cursor for edge in edges], page.has_next, after))


def _filter(where: ProductFilter | None, search: str | None) -> pages.ProductFilter:
    wanted = where or ProductFilter()
    price = wanted.price or PriceRange()
    return pages.ProductFilter(
        category=wanted.category,
        price_min=price.min,
        price_max=price.max,
        available=wanted.available,
        search=search,
        status=PUBLISHED,
    )
