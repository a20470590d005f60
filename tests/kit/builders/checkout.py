"""The world that checkout decides in: products, stock, customer and cart by stream, and orders in every state."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from tests.kit.builders.cart import offer, ready_cart
from tests.kit.builders.customer import customer_registered
from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, LINE_ID, ORDER_ID, PAYMENT_ID, PRODUCT_ID, VARIANT_ID
from tests.kit.builders.product import product_on_sale
from tests.kit.builders.stock import stock_of
from tests.kit.given import GivenMany, Room, given_many
from write_model.cart.decider import CART
from write_model.cart.events import CartEvent
from write_model.checkout.commands import CancelOrder, ConfirmOrder, ExpireOrder, PlaceOrder
from write_model.checkout.decider import decide, streams
from write_model.checkout.loaded import (
    cart_stream,
    customer_stream,
    order_stream,
    payment_stream,
    product_stream,
    stock_stream,
)
from write_model.customer.decider import CUSTOMER
from write_model.kernel.message import Event
from write_model.order.decider import ORDER
from write_model.order.events import OrderPaymentAuthorized
from write_model.payment.decider import PAYMENT
from write_model.product.decider import PRODUCT
from write_model.stock.decider import STOCK

CHECKOUT = Room(streams, decide, [CART, PRODUCT, STOCK, CUSTOMER, ORDER, PAYMENT])
CART_NAME, PRODUCT_NAME, STOCK_NAME = cart_stream(CART_ID), product_stream(PRODUCT_ID), stock_stream(VARIANT_ID)
ORDER_NAME, PAYMENT_NAME, CUSTOMER_NAME = (
    order_stream(ORDER_ID),
    payment_stream(PAYMENT_ID),
    customer_stream(CUSTOMER_ID),
)
PLACE = PlaceOrder(cart_id=CART_ID, order_id=ORDER_ID, payment_id=PAYMENT_ID, customer_id=CUSTOMER_ID)
CONFIRM = ConfirmOrder(order_id=ORDER_ID)
CANCEL = CancelOrder(order_id=ORDER_ID, reason="changed my mind")
EXPIRE = ExpireOrder(order_id=ORDER_ID)


def catalogue(
    *, quantity: int = 10, price_minor: int = 2499, product_id: UUID = PRODUCT_ID, variant_id: UUID = VARIANT_ID
) -> dict[str, Sequence[Event]]:
    """One product on sale with one variant, and so many units of it."""
    return {
        product_stream(product_id): product_on_sale(
            product_id=product_id, variant_id=variant_id, price_minor=price_minor
        ),
        stock_stream(variant_id): stock_of(quantity, product_id=product_id, variant_id=variant_id),
    }


def before_order(
    *, quantity: int = 10, wanted: int = 2, cart: Sequence[CartEvent] | None = None
) -> dict[str, Sequence[Event]]:
    """A registered customer with a cart that can be ordered."""
    return {
        **catalogue(quantity=quantity),
        CUSTOMER_NAME: [customer_registered()],
        CART_NAME: ready_cart((LINE_ID, wanted, offer())) if cart is None else cart,
    }


def placed(facts: Mapping[str, Sequence[Event]] | None = None) -> GivenMany:
    return given_many(CHECKOUT, before_order() if facts is None else facts).when(PLACE).granted()


def authorized(world: GivenMany | None = None) -> GivenMany:
    """The payment is authorised for the order's total."""
    world = placed() if world is None else world
    order = ORDER.fold(ORDER.initial, world.facts[ORDER_NAME])  # type: ignore[arg-type]
    fact = OrderPaymentAuthorized(
        order_id=ORDER_ID, customer_id=CUSTOMER_ID, payment_id=PAYMENT_ID, amount_minor=order.total_minor
    )
    return world.and_then({ORDER_NAME: [fact]})


def confirmed() -> GivenMany:
    return authorized().when(CONFIRM).granted()


def cancelled() -> GivenMany:
    return placed().when(CANCEL).granted()


def expired() -> GivenMany:
    world = placed()
    return world.at(world.now + timedelta(minutes=15)).when(EXPIRE).granted()
