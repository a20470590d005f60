"""What needs the facts of several aggregates, and changes them in one append."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from write_model.kernel.message import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class AddVariant(Command):
    """Product and stock item: a variant exists in both or in neither."""

    product_id: UUID
    variant_id: UUID
    sku: str
    attributes: Mapping[str, str]
    price_minor: int
    warehouse: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToCart(Command):
    cart_id: UUID
    line_id: UUID
    variant_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeInCart(Command):
    cart_id: UUID
    line_id: UUID
    quantity: int  # the new one


@dataclass(frozen=True, slots=True, kw_only=True)
class RepriceCart(Command):
    """Take over the catalogue's prices after `checkout.price_changed`."""

    cart_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder(Command):
    cart_id: UUID
    order_id: UUID
    payment_id: UUID
    customer_id: UUID  # the caller
    locale: str | None = None  # None: the customer's


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmOrder(Command):
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder(Command):
    order_id: UUID
    reason: str  # a code: "requested", "payment.declined"
    decline_code: str | None = None  # set when a declined payment ends the order
    note: str | None = field(repr=False, default=None)  # the words of who asks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireOrder(Command):
    order_id: UUID
    reason: str = "time"


CheckoutCommand = (
    AddVariant | AddToCart | ChangeInCart | RepriceCart | PlaceOrder | ConfirmOrder | CancelOrder | ExpireOrder
)
