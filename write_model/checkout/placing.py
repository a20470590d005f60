"""A cart becomes an order: in one append, or not at all.

What the customer was shown is what is charged: other prices, other taxes or too little stock refuse the whole wish.
"""

from collections.abc import Sequence
from datetime import timedelta

from write_model.cart import decider as carts
from write_model.cart import rules
from write_model.cart.decider import Cart, Line, Offer
from write_model.cart.state import ORDERED
from write_model.checkout import loaded
from write_model.checkout.catalogue import offers
from write_model.checkout.commands import PlaceOrder
from write_model.checkout.loaded import States
from write_model.customer.decider import Customer, check_locale, registered
from write_model.customer.decider import Unknown as CustomerUnknown
from write_model.kernel.address import Address
from write_model.kernel.message import Context, Event
from write_model.kernel.refused import Refused
from write_model.order.events import OrderConfirmed, OrderLine, OrderPlaced, Reservation
from write_model.order.numbers import order_number
from write_model.order.state import Order
from write_model.payment.commands import CreatePayment
from write_model.payment.decider import PAYMENT
from write_model.payment.state import Payment
from write_model.pricing.shipping import STANDARD
from write_model.stock.commands import AllocateReservation, ReserveStock
from write_model.stock.decider import STOCK, StockItem

HELD_FOR = timedelta(minutes=15)
ON_CONFIRMATION = "on_confirmation"


class CartEmpty(Refused):
    code = "cart.empty"


class CartAnonymous(Refused):
    code = "checkout.customer_missing"


class AddressMissing(Refused):
    code = "checkout.address_missing"


class PaymentMethodMissing(Refused):
    code = "checkout.payment_method_missing"


class PriceChanged(Refused):
    code = "checkout.price_changed"


class OrderThere(Refused):
    """The order's or payment's id has been used for something else."""

    code = "checkout.order_exists"


def place(command: PlaceOrder, states: States, context: Context) -> dict[str, Sequence[Event]]:
    cart = loaded.get(states, loaded.cart_stream(command.cart_id), Cart)
    if cart.status == ORDERED and cart.order_id == command.order_id and cart.customer_id == command.customer_id:
        return {}
    _check_owner(cart, command)
    carts.open_cart(cart)
    _check_new(command, states)
    customer = registered(loaded.get(states, loaded.customer_stream(command.customer_id), Customer))
    address = _check_complete(cart)
    _check_prices(cart, offers(states, cart.lines, context), context)

    placed = _placed(command, cart, customer, address, context)
    free = placed.totals.total_minor == 0
    order_events: list[Event] = [placed]
    if free:
        order_events.append(
            OrderConfirmed(order_id=placed.order_id, customer_id=placed.customer_id, payment_id=placed.payment_id)
        )
    happened: dict[str, Sequence[Event]] = {
        loaded.cart_stream(command.cart_id): carts.convert(cart, command.order_id),
        loaded.order_stream(command.order_id): order_events,
    }
    for reservation in placed.reservations:
        name = loaded.stock_stream(reservation.variant_id, reservation.warehouse)
        happened[name] = _held(loaded.get(states, name, StockItem), reservation, placed, context, allocated=free)
    if not free:
        happened[loaded.payment_stream(command.payment_id)] = _payment(placed, states, context)
    return happened


def _check_owner(cart: Cart, command: PlaceOrder) -> None:
    if cart.cart_id is None:
        raise rules.Unknown
    if cart.customer_id is None:
        raise CartAnonymous
    if cart.customer_id != command.customer_id:
        raise carts.OfAnotherCustomer


def _check_new(command: PlaceOrder, states: States) -> None:
    order = loaded.get(states, loaded.order_stream(command.order_id), Order)
    payment = loaded.get(states, loaded.payment_stream(command.payment_id), Payment)
    if order != Order() or payment != PAYMENT.initial:
        raise OrderThere


def _check_complete(cart: Cart) -> Address:
    if not cart.lines:
        raise CartEmpty
    if cart.address is None:
        raise AddressMissing
    if cart.payment_method is None and cart.totals.total_minor > 0:
        raise PaymentMethodMissing
    return cart.address


def _check_prices(cart: Cart, offered: Sequence[Offer], context: Context) -> None:
    """The catalogue's prices, and what taxes and shipping make of them today."""
    changed = [
        {
            "lineId": str(line.line_id),
            "beforeMinor": line.unit_price_minor,
            "afterMinor": offer.unit_price_minor,
        }
        for line, offer in zip(cart.lines, offered, strict=True)
        if line.unit_price_minor != offer.unit_price_minor
    ]
    if changed:
        raise PriceChanged(lines=changed)
    today = rules.totals(cart, cart.lines, context)
    if today.total_minor != cart.totals.total_minor:
        raise PriceChanged(lines=[], beforeMinor=cart.totals.total_minor, afterMinor=today.total_minor)


def _placed(command: PlaceOrder, cart: Cart, customer: Customer, address: Address, context: Context) -> OrderPlaced:
    locale = command.locale or customer.locale
    check_locale(locale)
    if customer.email is None:  # erased: nobody to tell
        raise CustomerUnknown
    return OrderPlaced(
        order_id=command.order_id,
        number=order_number(command.order_id),
        customer_id=command.customer_id,
        cart_id=command.cart_id,
        market=cart.market,
        locale=locale,
        lines=tuple(_line(line) for line in cart.lines),
        delivery_option=cart.delivery_option or STANDARD,
        totals=cart.totals,
        address=address,
        contact_email=customer.email,
        contact_name=customer.name,
        reservations=_demand(cart.lines),
        reserved_until=context.now + HELD_FOR,
        payment_id=command.payment_id,
        payment_method=cart.payment_method or "",
        capture_policy=ON_CONFIRMATION,
    )


def _line(line: Line) -> OrderLine:
    return OrderLine(
        line_id=line.line_id,
        product_id=line.product_id,
        variant_id=line.variant_id,
        sku=line.sku,
        titles=line.titles,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
    )


def _demand(lines: Sequence[Line]) -> tuple[Reservation, ...]:
    """What all lines together want of each stock item."""
    wanted: dict[str, Reservation] = {}
    for line in lines:
        name = loaded.stock_stream(line.variant_id)
        before = wanted[name].quantity if name in wanted else 0
        wanted[name] = Reservation(
            product_id=line.product_id,
            variant_id=line.variant_id,
            warehouse=loaded.MAIN,
            quantity=before + line.quantity,
        )
    return tuple(wanted.values())


def _held(
    item: StockItem, reservation: Reservation, placed: OrderPlaced, context: Context, *, allocated: bool
) -> Sequence[Event]:
    wish = ReserveStock(
        variant_id=reservation.variant_id,
        warehouse=reservation.warehouse,
        reservation_id=placed.order_id,
        quantity=reservation.quantity,
        expires_at=placed.reserved_until,
    )
    events = list(STOCK.decide(wish, item, context))
    if allocated:
        confirm = AllocateReservation(
            variant_id=reservation.variant_id, warehouse=reservation.warehouse, reservation_id=placed.order_id
        )
        events += STOCK.decide(confirm, STOCK.fold(item, events), context)
    return events


def _payment(placed: OrderPlaced, states: States, context: Context) -> Sequence[Event]:
    wish = CreatePayment(
        payment_id=placed.payment_id,
        order_id=placed.order_id,
        customer_id=placed.customer_id,
        amount_minor=placed.totals.total_minor,
        currency=placed.totals.currency,
        method=placed.payment_method,
        capture_policy=placed.capture_policy,
    )
    return PAYMENT.decide(wish, loaded.get(states, loaded.payment_stream(placed.payment_id), Payment), context)
