"""How much of a payment is authorised, captured and refunded?"""

from collections.abc import Sequence

from infra.ports import Query
from projections.running.payment_amounts import PaymentAmounts
from projections.running.projection import SQL, Source
from projections.running.reading import Behind, Choice, Found, Page, Readers, Rebuilding, one, page

__all__ = ["Behind", "Found", "Readers", "Rebuilding"]

MOST = 100  # payments of one order


class PaymentRecord(PaymentAmounts, frozen=True, kw_only=True):
    version: int  # of its stream
    order_id: str
    customer_id: str
    capture_policy: str | None = None
    imported: bool = False
    created_at: str
    updated_at: str


SOURCE: Source[PaymentRecord] = Source("payments", PaymentRecord, (SQL,))


async def payment(readers: Readers, payment_id: str, at_least: int = 0) -> Found[PaymentRecord] | None:
    """One payment. Raises Behind, Rebuilding."""
    return await one(readers, SOURCE, payment_id, at_least)


async def payments_of(readers: Readers, order_id: str, at_least: int = 0) -> Sequence[PaymentRecord]:
    """All payments of an order. Raises Behind, Rebuilding."""
    query = Query(order=(("id", False),), limit=MOST + 1, equal={"order_id": order_id})
    found: Page[PaymentRecord] = await page(readers, (Choice(SOURCE, SQL, query),), "order", MOST, at_least)
    return [document for _, document in found.items]
