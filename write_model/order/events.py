"""These classes are the storage format. A change to one needs a new version and an upcaster."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from write_model.kernel.address import Address
from write_model.kernel.message import Event
from write_model.kernel.personal import Personal
from write_model.kernel.totals import Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """A snapshot: what was bought, as it was sold. Its amounts are in the order's totals under the same line id."""

    line_id: UUID
    product_id: UUID
    variant_id: UUID
    sku: str
    titles: Mapping[str, str]
    quantity: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Units held for the order: one per stock item, lines of one variant together."""

    product_id: UUID
    variant_id: UUID
    warehouse: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(Event):
    order_id: UUID
    number: str
    customer_id: UUID
    cart_id: UUID
    market: str
    locale: str
    lines: tuple[OrderLine, ...]
    delivery_option: str
    totals: Totals
    address: Personal[Address]
    contact_email: Personal[str]
    contact_name: Personal[str]
    reservations: tuple[Reservation, ...]
    reserved_until: datetime
    payment_id: UUID
    payment_method: str
    capture_policy: str  # "on_confirmation" or "on_shipment"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaymentAuthorized(Event):
    order_id: UUID
    customer_id: UUID
    payment_id: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaymentDeclined(Event):
    order_id: UUID
    customer_id: UUID
    payment_id: UUID
    decline_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaymentActionRequired(Event):
    order_id: UUID
    customer_id: UUID
    payment_id: UUID
    client_action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaymentOutcomeUnknown(Event):
    order_id: UUID
    customer_id: UUID
    payment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConfirmed(Event):
    order_id: UUID
    customer_id: UUID
    payment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaymentCaptured(Event):
    order_id: UUID
    customer_id: UUID
    payment_id: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaymentVoided(Event):
    """The authorisation was given back: no money has moved."""

    order_id: UUID
    customer_id: UUID
    payment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundCompleted(Event):
    order_id: UUID
    customer_id: UUID
    payment_id: UUID
    refund_id: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(Event):
    order_id: UUID
    customer_id: UUID
    payment_id: UUID
    refund_id: UUID
    amount_minor: int
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(Event):
    order_id: UUID
    customer_id: UUID
    payment_id: UUID
    reason: str  # a code: "requested", "payment.declined"
    decline_code: str | None
    note: Personal[str] = None  # in the words of who asked for it: they may be about a person


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExpired(Event):
    order_id: UUID
    customer_id: UUID
    payment_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAdopted(Event):
    """An order of another system: its status and times as that system wrote them, nothing recomputed."""

    order_id: UUID
    number: str
    customer_id: UUID
    origin_order_id: str
    origin_customer_id: str
    origin_status: str
    currency: str
    purchased_at: str
    approved_at: str | None
    handed_to_carrier_at: str | None
    delivered_at: str | None
    estimated_delivery_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    origin_id: str
    zip_code_prefix: str | None
    city: str | None
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAdopted(Event):
    order_id: UUID
    customer_id: UUID
    line: int
    product_id: UUID
    seller: Seller
    price_minor: int
    freight_minor: int
    shipping_limit: str


OrderEvent = (
    OrderPlaced
    | OrderPaymentAuthorized
    | OrderPaymentDeclined
    | OrderPaymentActionRequired
    | OrderPaymentOutcomeUnknown
    | OrderConfirmed
    | OrderPaymentCaptured
    | OrderPaymentVoided
    | RefundCompleted
    | RefundFailed
    | OrderCancelled
    | OrderExpired
    | OrderAdopted
    | ItemAdopted
)
