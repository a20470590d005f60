"""What is in a cart, and what does it cost?"""

from collections.abc import Mapping

from projections.running.projection import MONGO, SQL, WEEK, Document, Source
from projections.running.reading import Behind, Found, Readers, Rebuilding, copied, one

__all__ = ["Behind", "Found", "Readers", "Rebuilding"]

ACTIVE = "ACTIVE"


class CartLine(Document, frozen=True, kw_only=True):
    id: str
    product_id: str
    variant_id: str
    sku: str
    titles: Mapping[str, str]
    quantity: int
    unit_price_minor: int
    product_version: int
    subtotal_minor: int = 0
    discount_minor: int = 0
    tax_minor: int = 0
    tax_included: bool = False
    total_minor: int = 0


class TraceEntry(Document, frozen=True, kw_only=True):
    """Which rule gave how much, on which line (none: the whole)."""

    rule: str
    version: int
    amount_minor: int
    line_id: str | None


class CartTotals(Document, frozen=True, kw_only=True):
    currency: str
    subtotal_minor: int = 0
    discount_minor: int = 0
    tax_minor: int = 0
    shipping_minor: int = 0
    total_minor: int = 0
    trace: tuple[TraceEntry, ...] = ()


class CartContents(Document, frozen=True, kw_only=True):
    """The body is what a cart command answers, with version. The address itself is its owner's and stays in the log."""

    id: str
    version: int  # of its stream
    status: str  # ACTIVE, ORDERED, MERGED, EXPIRED
    market: str
    currency: str
    customer_id: str | None = None  # none: anonymous
    session_id: str | None = None  # whose holder owns an anonymous cart
    lines: tuple[CartLine, ...] = ()
    totals: CartTotals
    has_shipping_address: bool = False
    delivery_option: str = "standard"
    payment_method: str | None = None
    order_id: str | None = None
    merged_into: str | None = None
    created_at: str
    updated_at: str


SOURCE: Source[CartContents] = Source("carts", CartContents, (MONGO, SQL))


def copy_names(customer_id: str | None, session_id: str | None) -> tuple[str, ...]:
    """Where the holder's current cart stands in Redis."""
    if customer_id is not None:
        return (f"cart:{customer_id}",)
    return () if session_id is None else (f"cart:temp:{session_id}",)


async def cart(
    readers: Readers,
    cart_id: str,
    at_least: int = 0,
    customer_id: str | None = None,
    session_id: str | None = None,
) -> Found[CartContents] | None:
    """One cart; whose it may be finds the copy. Raises Behind, Rebuilding."""
    names = copy_names(customer_id, session_id)
    if names:
        found = await copied(readers, SOURCE, names[0], at_least)
        if found is not None and found.document.id == cart_id:
            return found
    return await one(readers, SOURCE, cart_id, at_least, ttl=WEEK)
