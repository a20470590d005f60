"""Which orders has a customer placed, the newest first?"""

from collections.abc import Mapping

from infra.ports import Query
from projections.running.cursors import BadCursor, position_after
from projections.running.projection import MONGO, SQL, Document, Source
from projections.running.reading import Behind, Choice, Page, Readers, Rebuilding, page

__all__ = ["BadCursor", "Behind", "Page", "Readers", "Rebuilding"]

SORT = "placed"


class OrderEntry(Document, frozen=True, kw_only=True):
    """One order in the list."""

    id: str
    number: str
    customer_id: str
    status: str
    payment_status: str
    placed_at: str
    currency: str
    total_minor: int
    items: int  # units
    titles: tuple[Mapping[str, str], ...] = ()  # of the first lines
    imported: bool = False


class Parts(OrderEntry, frozen=True, kw_only=True):
    """The entry with what the next status follows from."""

    seen: Mapping[str, object] = {}


class _Row(Document, frozen=True, kw_only=True):
    """The fields of an order's document that a list shows, when MongoDB is away."""

    id: str
    number: str
    customer_id: str
    status: str
    payment_status: str
    placed_at: str
    currency: str
    totals: Mapping[str, object]
    lines: tuple[Mapping[str, object], ...] = ()
    origin: Mapping[str, object] | None = None


TITLES = 3  # lines whose titles are shown

SOURCE: Source[Parts] = Source("order_history", Parts, (MONGO,))
ROWS: Source[_Row] = Source("orders", _Row, (SQL,))  # to be waited for: they answer when the documents don't


async def orders(
    readers: Readers, customer_id: str, first: int = 20, after: str | None = None, at_least: int = 0
) -> Page[OrderEntry]:
    """A page, from the documents, else from the rows of orders. Raises Behind, Rebuilding, BadCursor."""
    seen = position_after(after, SORT, 2)
    documents = Query(
        order=(("placedAt", True), ("_id", True)), limit=first + 1, equal={"customerId": customer_id}, after=seen
    )
    rows = Query(
        order=(("placed_at", True), ("id", True)), limit=first + 1, equal={"customer_id": customer_id}, after=seen
    )
    choices = (Choice(SOURCE, MONGO, documents, made=_entry), Choice(ROWS, SQL, rows, made=_from_row))
    return await page(readers, choices, SORT, first, at_least)


def _entry(parts: Parts) -> OrderEntry:
    return OrderEntry(**{name: getattr(parts, name) for name in OrderEntry.__struct_fields__})


def _from_row(row: _Row) -> OrderEntry:
    same = ("id", "number", "customer_id", "status", "payment_status", "placed_at", "currency")
    return OrderEntry(
        **{name: getattr(row, name) for name in same},
        total_minor=int(str(row.totals["totalMinor"])),
        items=sum(int(str(line["quantity"])) for line in row.lines),
        titles=tuple(titles for line in row.lines[:TITLES] if isinstance(titles := line["titles"], dict)),
        imported=row.origin is not None,
    )
