"""What do buyers say of a product?"""

from infra.ports import Query
from projections.running.cursors import BadCursor, position_after
from projections.running.projection import MONGO, Document, Source
from projections.running.reading import Behind, Choice, Page, Readers, Rebuilding, page

__all__ = ["BadCursor", "Behind", "Page", "Readers", "Rebuilding"]

SORT = "created"


class ReviewEntry(Document, frozen=True, kw_only=True):
    """One review: it is about an order, hence about each product in it."""

    id: str
    product_ids: tuple[str, ...]
    order_id: str
    customer_id: str
    score: int  # 1 to 5
    title: str | None = None  # none: not given, or erased
    comment: str | None = None
    created_on: str
    answered_at: str | None = None
    origin_id: str | None = None


SOURCE: Source[ReviewEntry] = Source("product_reviews", ReviewEntry)


async def reviews(
    readers: Readers, product_id: str, first: int = 20, after: str | None = None, at_least: int = 0
) -> Page[ReviewEntry]:
    """The newest first. Raises Behind, Rebuilding, BadCursor."""
    query = Query(
        order=(("createdOn", True), ("_id", True)),
        limit=first + 1,
        equal={"productIds": product_id},
        after=position_after(after, SORT, 2),
    )
    return await page(readers, (Choice(SOURCE, MONGO, query),), SORT, first, at_least)
