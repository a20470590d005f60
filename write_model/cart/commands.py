"""What may be asked of a cart alone. What needs the product's price is asked of `checkout`."""

from dataclasses import dataclass
from uuid import UUID

from write_model.kernel.address import Address
from write_model.kernel.message import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCart(Command):
    cart_id: UUID
    market: str
    customer_id: UUID | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveItem(Command):
    cart_id: UUID
    line_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignCustomer(Command):
    cart_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SetShippingAddress(Command):
    cart_id: UUID
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectDeliveryOption(Command):
    cart_id: UUID
    option: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectPaymentMethod(Command):
    cart_id: UUID
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireCart(Command):
    cart_id: UUID


CartCommand = (
    CreateCart
    | RemoveItem
    | AssignCustomer
    | SetShippingAddress
    | SelectDeliveryOption
    | SelectPaymentMethod
    | ExpireCart
)
