"""Products, their stock and what is said of them, for everybody."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from infra.security.tokens import Verifier
from projections.product_page import view as pages
from projections.product_page.view import Readers
from projections.product_reviews import view as reviews
from projections.stock_levels import view as levels
from read_api.kept.uses import ANY, LISTED
from read_api.rest import examples
from read_api.rest.answers import BadParameter, Endpoint, NotThere, found, found_page
from read_api.rest.asking import identity, known_only, limit, reading, truth, whole
from read_api.rest.operation import Operation, Parameter
from read_api.wait_for import floor

SORTS = {
    "newest": pages.Sort.NEWEST,
    "title": pages.Sort.TITLE,
    "price": pages.Sort.PRICE_UP,
    "-price": pages.Sort.PRICE_DOWN,
}
PARAMETERS = (
    Parameter("category", "string", "Exactly this category."),
    Parameter("price_min", "integer", "Minor units, included."),
    Parameter("price_max", "integer", "Minor units, included."),
    Parameter("available", "boolean", "Only what can, or can't, be bought now."),
    Parameter("search", "string", "Words of the title, in any language."),
    Parameter("sort", "string", "newest (the default), title, price or -price."),
)
FILTERS = ("category", "price_min", "price_max", "available", "search", "sort", "after", "limit")


class PublicReview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Without who wrote it, and on which order."""

    id: str
    score: int
    title: str | None
    comment: str | None
    created_on: str
    answered_at: str | None


def operations(readers: Readers, verifier: Verifier) -> list[Operation]:
    async def listed(request: Request) -> Response:
        known_only(request, *FILTERS)
        asked = reading(request, readers, verifier)
        query = request.query_params
        sort = SORTS.get(query.get("sort", "newest"))
        if sort is None:
            raise BadParameter("sort", f"one of {', '.join(SORTS)}")
        wanted = pages.ProductFilter(
            category=query.get("category"),
            price_min=whole(request, "price_min"),
            price_max=whole(request, "price_max"),
            available=truth(request, "available"),
            search=query.get("search"),
        )
        at_least = await asked.at_least(pages.LIST, levels.LIST)
        stocked = floor(readers, levels.LIST, at_least)
        page = await pages.products(readers, wanted, sort, limit(request), query.get("after"), at_least)
        asked.uses.rests_on(pages.LIST, page.position, ANY)
        if wanted.available is not None:
            asked.uses.rests_on(levels.LIST, stocked, LISTED)
        return found_page(request, page)

    async def one(request: Request) -> Response:
        known_only(request)
        asked = reading(request, readers, verifier)
        at_least = await asked.at_least(pages.SOURCE)
        product = await pages.product(readers, identity(request, "id"), at_least)
        if product is None or (product.document.status == "DRAFT" and not asked.viewer.is_staff):
            raise NotThere
        asked.uses.rests_on(pages.SOURCE, product.position, product.document.id, stale=product.stale)
        return found(request, product.document, product.position)

    async def stock(request: Request) -> Response:
        known_only(request)
        asked = reading(request, readers, verifier)
        variant_id = identity(request, "variant")
        at_least = await asked.at_least(levels.SOURCE)
        level = (await levels.stock(readers, [variant_id], at_least)).get(variant_id)
        if level is None:
            raise NotThere
        asked.uses.rests_on(levels.SOURCE, level.position, variant_id, stale=level.stale)
        return found(request, level.document, level.position, level.document.version)

    async def reviewed(request: Request) -> Response:
        known_only(request, "after", "limit")
        asked = reading(request, readers, verifier)
        at_least = await asked.at_least(reviews.SOURCE)
        after = request.query_params.get("after")
        page = await reviews.reviews(readers, identity(request, "id"), limit(request), after, at_least)
        asked.uses.rests_on(reviews.SOURCE, page.position, ANY)
        return found_page(request, page, _published)

    return _table(listed, one, reviewed, stock)


def _table(listed: Endpoint, one: Endpoint, reviewed: Endpoint, stock: Endpoint) -> list[Operation]:
    return [
        Operation(
            "/products",
            "listProducts",
            "Published products",
            listed,
            pages.ProductPage,
            examples.PRODUCT,
            is_list=True,
            parameters=PARAMETERS,
        ),
        Operation(
            "/products/{id}",
            "getProduct",
            "One product with its variants and prices",
            one,
            pages.ProductPage,
            examples.PRODUCT,
        ),
        Operation(
            "/products/{id}/reviews",
            "listReviews",
            "What buyers say",
            reviewed,
            PublicReview,
            examples.REVIEW,
            is_list=True,
        ),
        Operation(
            "/stock-items/{variant}",
            "getStock",
            "What is there of a variant",
            stock,
            levels.StockLevel,
            examples.STOCK,
        ),
    ]


def _published(review: reviews.ReviewEntry) -> PublicReview:
    return PublicReview(**{name: getattr(review, name) for name in PublicReview.__struct_fields__})
