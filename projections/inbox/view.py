"""Which notifications has a customer, and which of them are read?"""

from infra.ports import Query
from projections.running.cursors import BadCursor, position_after
from projections.running.projection import MONGO, Document, Source
from projections.running.reading import Behind, Choice, Found, Page, Readers, Rebuilding, one, page

__all__ = ["BadCursor", "Behind", "Found", "Page", "Readers", "Rebuilding"]

IN_APP = "in_app"
SORT = "posted"


class InboxEntry(Document, frozen=True, kw_only=True):
    id: str
    customer_id: str
    channel: str  # in_app, email
    template: str
    locale: str
    order_id: str
    order_number: str
    status: str  # POSTED, READ; ACCEPTED, FAILED for mail
    posted_at: str
    read_at: str | None = None
    failure: str | None = None


SOURCE: Source[InboxEntry] = Source("inbox", InboxEntry)


async def inbox(
    readers: Readers, customer_id: str, first: int = 20, after: str | None = None, at_least: int = 0
) -> Page[InboxEntry]:
    """In the app, the newest first. Raises Behind, Rebuilding, BadCursor."""
    query = Query(
        order=(("postedAt", True), ("_id", True)),
        limit=first + 1,
        equal={"customerId": customer_id, "channel": IN_APP},
        after=position_after(after, SORT, 2),
    )
    return await page(readers, (Choice(SOURCE, MONGO, query),), SORT, first, at_least)


async def notification(readers: Readers, notification_id: str, at_least: int = 0) -> Found[InboxEntry] | None:
    """One, of any channel. Raises Behind, Rebuilding."""
    return await one(readers, SOURCE, notification_id, at_least)
