"""A cart: lines at the prices that the catalogue said, who and where it is for, and what it comes to.

Adding, changing and pricing again need the product's word: `checkout` brings it as an `Offer` and calls the functions
here. Adding is counted each time it is wished for; the bus knows a repeated wish by its key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never
from uuid import UUID

from write_model.cart import rules
from write_model.cart.commands import (
    AssignCustomer,
    CartCommand,
    CreateCart,
    ExpireCart,
    RemoveItem,
    SelectDeliveryOption,
    SelectPaymentMethod,
    SetShippingAddress,
)
from write_model.cart.events import (
    CartConverted,
    CartCreated,
    CartCustomerAssigned,
    CartEvent,
    CartExpired,
    CartItemAdded,
    CartItemQuantityChanged,
    CartItemRemoved,
    CartRepriced,
    DeliveryOptionSelected,
    NewPrice,
    PaymentMethodSelected,
    ShippingAddressSet,
)
from write_model.cart.rules import open_cart as open_cart
from write_model.cart.state import EXPIRED, NONE, ORDERED, evolve
from write_model.cart.state import Cart as Cart
from write_model.cart.state import Line as Line
from write_model.kernel.decider import Decider
from write_model.kernel.message import Context
from write_model.kernel.refused import Kind, Refused


class AlreadyThere(Refused):
    code = "cart.already_there"


class OwnerMissing(Refused):
    code = "cart.owner_missing"
    kind = Kind.INVALID


class OfAnotherCustomer(Refused):
    code = "cart.of_another_customer"
    kind = Kind.FORBIDDEN


class LineUnknown(Refused):
    code = "cart.line_unknown"
    kind = Kind.MISSING


class LineTaken(Refused):
    code = "cart.line_taken"


class OfferUnknown(Refused):
    code = "cart.unknown_variant"
    kind = Kind.MISSING


class CurrencyDiffers(Refused):
    code = "cart.currency_differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the catalogue says of a variant now."""

    product_id: UUID
    variant_id: UUID
    sku: str
    titles: Mapping[str, str]
    unit_price_minor: int
    tax_category: str
    currency: str
    product_version: int


def decide(command: CartCommand, cart: Cart, context: Context) -> Sequence[CartEvent]:
    match command:
        case CreateCart():
            return create(command, cart)
        case RemoveItem():
            return remove(command, open_cart(cart), context)
        case AssignCustomer():
            return assign(command, open_cart(cart))
        case SetShippingAddress():
            return set_address(command, open_cart(cart), context)
        case SelectDeliveryOption():
            return select_delivery(command, open_cart(cart), context)
        case SelectPaymentMethod():
            return select_payment_method(command, open_cart(cart))
        case ExpireCart():
            return expire(command, cart)
        case _:
            assert_never(command)


def create(command: CreateCart, cart: Cart) -> Sequence[CartEvent]:
    where = rules.market(command.market)
    if command.customer_id is None and command.session_id is None:
        raise OwnerMissing
    created = CartCreated(
        cart_id=command.cart_id,
        market=where.code,
        currency=where.currency,
        customer_id=command.customer_id,
        session_id=command.session_id,
    )
    if cart.status == NONE:
        return [created]
    if cart == evolve(Cart(), created):
        return []
    raise AlreadyThere(status=cart.status)


def add(cart: Cart, line_id: UUID, quantity: int, offer: Offer, context: Context) -> Sequence[CartEvent]:
    """Part of `checkout.AddToCart`. A variant that is in the cart already is counted up on its line."""
    open_cart(cart)
    rules.check_quantity(quantity)
    if offer.currency != cart.currency:
        raise CurrencyDiffers(currency=cart.currency)
    there = cart.line_of(offer.variant_id)
    if there is not None:
        return change(cart, there.line_id, there.quantity + quantity, offer, context)
    if cart.line(line_id) is not None or line_id in cart.removed:
        raise LineTaken(line=str(line_id))
    line = Line(
        line_id=line_id,
        product_id=offer.product_id,
        variant_id=offer.variant_id,
        sku=offer.sku,
        titles=offer.titles,
        quantity=quantity,
        unit_price_minor=offer.unit_price_minor,
        tax_category=offer.tax_category,
        product_version=offer.product_version,
    )
    rules.check_lines([*cart.lines, line])
    return [
        CartItemAdded(
            cart_id=_id(cart),
            line_id=line_id,
            product_id=line.product_id,
            variant_id=line.variant_id,
            sku=line.sku,
            titles=line.titles,
            quantity=quantity,
            unit_price_minor=line.unit_price_minor,
            tax_category=line.tax_category,
            product_version=line.product_version,
            totals=rules.totals(cart, [*cart.lines, line], context),
        )
    ]


def change(cart: Cart, line_id: UUID, quantity: int, offer: Offer, context: Context) -> Sequence[CartEvent]:
    """Part of `checkout.ChangeInCart`: the new quantity, at the catalogue's price of now."""
    open_cart(cart)
    rules.check_quantity(quantity)
    line = known_line(cart, line_id)
    if (quantity, offer.unit_price_minor) == (line.quantity, line.unit_price_minor):
        return []
    changed = replace(
        line, quantity=quantity, unit_price_minor=offer.unit_price_minor, product_version=offer.product_version
    )
    return [
        CartItemQuantityChanged(
            cart_id=_id(cart),
            line_id=line_id,
            variant_id=line.variant_id,
            quantity=quantity,
            unit_price_minor=changed.unit_price_minor,
            product_version=changed.product_version,
            totals=rules.totals(cart, [changed if each is line else each for each in cart.lines], context),
        )
    ]


def remove(command: RemoveItem, cart: Cart, context: Context) -> Sequence[CartEvent]:
    if command.line_id in cart.removed:
        return []
    line = known_line(cart, command.line_id)
    return [
        CartItemRemoved(
            cart_id=command.cart_id,
            line_id=line.line_id,
            variant_id=line.variant_id,
            totals=rules.totals(cart, [each for each in cart.lines if each is not line], context),
        )
    ]


def reprice(cart: Cart, prices_minor: Mapping[UUID, int], context: Context) -> Sequence[CartEvent]:
    """Part of `checkout.RepriceCart`: the catalogue's prices by line, and today's taxes."""
    open_cart(cart)
    prices = tuple(
        NewPrice(line_id=line.line_id, before_minor=line.unit_price_minor, after_minor=prices_minor[line.line_id])
        for line in cart.lines
        if line.unit_price_minor != prices_minor[line.line_id]
    )
    lines = [replace(line, unit_price_minor=prices_minor[line.line_id]) for line in cart.lines]
    totals = rules.totals(cart, lines, context)
    if not prices and totals.total_minor == cart.totals.total_minor:
        return []
    return [CartRepriced(cart_id=_id(cart), prices=prices, totals=totals)]


def assign(command: AssignCustomer, cart: Cart) -> Sequence[CartEvent]:
    if cart.customer_id == command.customer_id:
        return []
    if cart.customer_id is not None:
        raise OfAnotherCustomer
    return [CartCustomerAssigned(cart_id=command.cart_id, customer_id=command.customer_id)]


def set_address(command: SetShippingAddress, cart: Cart, context: Context) -> Sequence[CartEvent]:
    rules.check_address(command.address, rules.market(cart.market))
    if cart.address == command.address:
        return []
    return [
        ShippingAddressSet(
            cart_id=command.cart_id,
            subject=cart.customer_id or command.cart_id,
            address=command.address,
            totals=rules.totals(cart, cart.lines, context),
        )
    ]


def select_delivery(command: SelectDeliveryOption, cart: Cart, context: Context) -> Sequence[CartEvent]:
    rules.check_delivery(command.option)
    if cart.delivery_option == command.option:
        return []
    totals = rules.totals(cart, cart.lines, context)
    return [DeliveryOptionSelected(cart_id=command.cart_id, option=command.option, totals=totals)]


def select_payment_method(command: SelectPaymentMethod, cart: Cart) -> Sequence[CartEvent]:
    rules.check_payment_method(command.method)
    if cart.payment_method == command.method:
        return []
    return [PaymentMethodSelected(cart_id=command.cart_id, method=command.method)]


def convert(cart: Cart, order_id: UUID) -> Sequence[CartEvent]:
    """Part of `checkout.PlaceOrder`."""
    if cart.status == ORDERED and cart.order_id == order_id:
        return []
    open_cart(cart)
    return [CartConverted(cart_id=_id(cart), order_id=order_id)]


def expire(command: ExpireCart, cart: Cart) -> Sequence[CartEvent]:
    if cart.status == EXPIRED:
        return []
    open_cart(cart)
    return [CartExpired(cart_id=command.cart_id)]


def known_line(cart: Cart, line_id: UUID) -> Line:
    line = cart.line(line_id)
    if line is None:
        raise LineUnknown(line=str(line_id))
    return line


def _id(cart: Cart) -> UUID:
    if cart.cart_id is None:
        raise rules.Unknown
    return cart.cart_id


CART: Decider[CartCommand, CartEvent, Cart] = Decider("cart", Cart(), evolve, decide)
