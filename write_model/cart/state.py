"""What decisions about a cart need to know, as its events tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import UUID

from write_model.cart.events import (
    CartConverted,
    CartCreated,
    CartCustomerAssigned,
    CartEvent,
    CartExpired,
    CartItemAdded,
    CartItemQuantityChanged,
    CartItemRemoved,
    CartMerged,
    CartRepriced,
    DeliveryOptionSelected,
    PaymentMethodSelected,
    ShippingAddressSet,
)
from write_model.kernel.address import Address
from write_model.kernel.totals import Totals
from write_model.pricing.totals import nothing

NONE, ACTIVE, ORDERED, MERGED, EXPIRED = "NONE", "ACTIVE", "ORDERED", "MERGED", "EXPIRED"


@dataclass(frozen=True, slots=True)
class Line:
    line_id: UUID
    product_id: UUID
    variant_id: UUID
    sku: str
    titles: Mapping[str, str]
    quantity: int
    unit_price_minor: int
    tax_category: str
    product_version: int


@dataclass(frozen=True, slots=True)
class Cart:
    cart_id: UUID | None = None
    status: str = NONE
    market: str = ""
    currency: str = ""
    customer_id: UUID | None = None  # None: anonymous
    session_id: UUID | None = None
    lines: tuple[Line, ...] = ()
    removed: frozenset[UUID] = frozenset()  # lines that were here: removing them again changes nothing
    address: Address | None = field(default=None, repr=False)  # None: not set, or erased
    delivery_option: str | None = None  # None: not chosen, the standard one applies
    payment_method: str | None = None
    totals: Totals = field(default_factory=lambda: nothing(""))
    order_id: UUID | None = None
    merged_into: UUID | None = None

    def line(self, line_id: UUID) -> Line | None:
        return next((line for line in self.lines if line.line_id == line_id), None)

    def line_of(self, variant_id: UUID) -> Line | None:
        return next((line for line in self.lines if line.variant_id == variant_id), None)


def evolve(cart: Cart, event: CartEvent) -> Cart:
    match event:
        case CartCreated():
            return _created(event)
        case CartItemAdded():
            return replace(cart, lines=(*cart.lines, _line(event)), totals=event.totals)
        case CartItemQuantityChanged():
            return replace(cart, lines=tuple(_requantified(line, event) for line in cart.lines), totals=event.totals)
        case CartItemRemoved():
            return replace(
                cart,
                lines=tuple(line for line in cart.lines if line.line_id != event.line_id),
                removed=cart.removed | {event.line_id},
                totals=event.totals,
            )
        case CartRepriced():
            return replace(cart, lines=_repriced(cart.lines, event), totals=event.totals)
        case CartCustomerAssigned():
            return replace(cart, customer_id=event.customer_id)
        case ShippingAddressSet():
            return replace(cart, address=event.address, totals=event.totals)
        case DeliveryOptionSelected():
            return replace(cart, delivery_option=event.option, totals=event.totals)
        case PaymentMethodSelected():
            return replace(cart, payment_method=event.method)
        case CartConverted():
            return replace(cart, status=ORDERED, order_id=event.order_id)
        case CartMerged():
            return replace(cart, status=MERGED, merged_into=event.into)
        case CartExpired():
            return replace(cart, status=EXPIRED)
        case _:
            assert_never(event)


def _created(event: CartCreated) -> Cart:
    return Cart(
        cart_id=event.cart_id,
        status=ACTIVE,
        market=event.market,
        currency=event.currency,
        customer_id=event.customer_id,
        session_id=event.session_id,
        totals=nothing(event.currency),
    )


def _repriced(lines: tuple[Line, ...], event: CartRepriced) -> tuple[Line, ...]:
    after = {price.line_id: price.after_minor for price in event.prices}
    return tuple(replace(line, unit_price_minor=after.get(line.line_id, line.unit_price_minor)) for line in lines)


def _line(event: CartItemAdded) -> Line:
    return Line(
        line_id=event.line_id,
        product_id=event.product_id,
        variant_id=event.variant_id,
        sku=event.sku,
        titles=event.titles,
        quantity=event.quantity,
        unit_price_minor=event.unit_price_minor,
        tax_category=event.tax_category,
        product_version=event.product_version,
    )


def _requantified(line: Line, event: CartItemQuantityChanged) -> Line:
    if line.line_id != event.line_id:
        return line
    return replace(
        line,
        quantity=event.quantity,
        unit_price_minor=event.unit_price_minor,
        product_version=event.product_version,
    )
