"""What did customers do, one document per event, for analysts?"""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.ports import Query
from projections.running.projection import MONGO, Document, Source
from projections.running.reading import Behind, Choice, Page, Readers, Rebuilding, page

__all__ = ["Behind", "Readers", "Rebuilding"]

KEPT_DAYS = 400


class UserEvent(Document, frozen=True, kw_only=True):
    """`type` in the words of analysts: "order_created", "cart_item_added". Nothing personal."""

    position: int
    type: str
    customer_id: str | None
    session_id: str | None = None
    at: str
    recorded_at: str
    data: Mapping[str, Any] = {}


SOURCE: Source[UserEvent] = Source("user_events", UserEvent)


async def events_of(readers: Readers, customer_id: str, first: int = 100, at_least: int = 0) -> Sequence[UserEvent]:
    """The newest of one customer. Raises Behind, Rebuilding."""
    query = Query(order=(("_id", True),), limit=first + 1, equal={"customerId": customer_id})
    found: Page[UserEvent] = await page(readers, (Choice(SOURCE, MONGO, query),), "recent", first, at_least)
    return [document for _, document in found.items]
