"""These classes are the storage format. A change to one needs a new version and an upcaster.

Whatever changes lines, address or delivery carries the totals as its decider computed them: nobody prices again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from write_model.kernel.address import Address
from write_model.kernel.message import Event
from write_model.kernel.personal import Personal
from write_model.kernel.totals import Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class CartCreated(Event):
    cart_id: UUID
    market: str
    currency: str
    customer_id: UUID | None  # None: anonymous, then the session's holder owns it
    session_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartItemAdded(Event):
    cart_id: UUID
    line_id: UUID
    product_id: UUID
    variant_id: UUID
    sku: str
    titles: Mapping[str, str]
    quantity: int
    unit_price_minor: int  # as the product said at product_version
    tax_category: str
    product_version: int
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class CartItemQuantityChanged(Event):
    cart_id: UUID
    line_id: UUID
    variant_id: UUID
    quantity: int  # the new one
    unit_price_minor: int
    product_version: int
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class CartItemRemoved(Event):
    cart_id: UUID
    line_id: UUID
    variant_id: UUID
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPrice:
    line_id: UUID
    before_minor: int
    after_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CartRepriced(Event):
    """The customer accepted the catalogue's new prices."""

    cart_id: UUID
    prices: tuple[NewPrice, ...]
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class CartCustomerAssigned(Event):
    cart_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingAddressSet(Event):
    cart_id: UUID
    subject: UUID  # the customer, or the anonymous cart itself: whose key seals the address
    address: Personal[Address]
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOptionSelected(Event):
    cart_id: UUID
    option: str  # "standard"
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethodSelected(Event):
    cart_id: UUID
    method: str  # the provider's id of the payment method


@dataclass(frozen=True, slots=True, kw_only=True)
class CartConverted(Event):
    cart_id: UUID
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CartMerged(Event):
    """Its lines went into another cart at sign-in."""

    cart_id: UUID
    into: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CartExpired(Event):
    cart_id: UUID


CartEvent = (
    CartCreated
    | CartItemAdded
    | CartItemQuantityChanged
    | CartItemRemoved
    | CartRepriced
    | CartCustomerAssigned
    | ShippingAddressSet
    | DeliveryOptionSelected
    | PaymentMethodSelected
    | CartConverted
    | CartMerged
    | CartExpired
)
