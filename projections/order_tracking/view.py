"""Where is an order, what was bought, what was paid, and what has happened to it?"""

from collections.abc import Mapping
from typing import Any

from projections.running.payment_amounts import PaymentAmounts
from projections.running.projection import MONGO, SQL, Document, Source
from projections.running.reading import Behind, Found, Readers, Rebuilding, one

__all__ = ["Behind", "Found", "Readers", "Rebuilding"]


class Seller(Document, frozen=True, kw_only=True):
    origin_id: str
    zip_code_prefix: str | None
    city: str | None
    state: str | None


class Line(Document, frozen=True, kw_only=True):
    """Amounts of the line, not of the unit. Freight, seller and limit: of adopted orders only."""

    id: str
    product_id: str
    variant_id: str | None = None
    sku: str | None = None
    titles: Mapping[str, str] = {}
    quantity: int = 1
    unit_price_minor: int
    subtotal_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    tax_included: bool = False
    freight_minor: int = 0
    total_minor: int
    seller: Seller | None = None
    shipping_limit: str | None = None


class OrderTotals(Document, frozen=True, kw_only=True):
    currency: str
    subtotal_minor: int = 0
    discount_minor: int = 0
    tax_minor: int = 0
    shipping_minor: int = 0
    total_minor: int = 0


class ShippingAddress(Document, frozen=True, kw_only=True):
    recipient: str
    line1: str
    line2: str | None = None
    city: str
    region: str | None = None
    postal_code: str | None = None
    country: str
    phone: str | None = None


class OrderPayment(PaymentAmounts, frozen=True, kw_only=True):
    """One payment of the order."""


class TimelineEntry(Document, frozen=True, kw_only=True):
    """One event of the order or of its payments: `at` is when it was true in the world."""

    position: int
    type: str  # "order.placed"
    at: str
    recorded_at: str
    data: Mapping[str, Any] = {}


class Origin(Document, frozen=True, kw_only=True):
    """An adopted order's status and times, as the other system wrote them."""

    order_id: str
    customer_id: str
    status: str
    purchased_at: str
    approved_at: str | None
    handed_to_carrier_at: str | None
    delivered_at: str | None
    estimated_delivery_on: str | None


class Reason(Document, frozen=True, kw_only=True):
    """Why it ended: codes, and the words of who cancelled it, for the owner and for staff."""

    code: str
    decline_code: str | None = None
    note: str | None = None


class OrderTracking(Document, frozen=True, kw_only=True):
    """The address and the contact are for the owner and for staff."""

    id: str
    version: int = 0  # of the order's own stream
    number: str
    customer_id: str
    cart_id: str | None = None
    payment_id: str | None = None
    market: str | None = None
    locale: str | None = None
    status: str
    lifecycle: str
    payment_status: str
    fulfillment_status: str
    return_status: str = "NONE"
    payment_attempt: str = "NONE"  # how the authorisation stands while no amount says more
    authorized_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    currency: str
    lines: tuple[Line, ...] = ()
    totals: OrderTotals
    delivery_option: str | None = None
    address: ShippingAddress | None = None  # none: not given, or erased
    contact_email: str | None = None
    contact_name: str | None = None
    placed_at: str
    reserved_until: str | None = None
    payments: tuple[OrderPayment, ...] = ()
    reason: Reason | None = None
    client_action: str | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    origin: Origin | None = None


SOURCE: Source[OrderTracking] = Source("orders", OrderTracking, (MONGO, SQL))


async def order(readers: Readers, order_id: str, at_least: int = 0) -> Found[OrderTracking] | None:
    """One order with its timeline, from the copy, the document or the row. Raises Behind, Rebuilding."""
    return await one(readers, SOURCE, order_id, at_least, copy_key=f"order:{order_id}")
