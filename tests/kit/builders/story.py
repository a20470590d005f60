"""One shop's story, event by event: a product with stock, a cart, an order that is paid, a review, an inbox."""

from uuid import UUID

from tests.kit.builders import order, payment
from tests.kit.builders.cart import ready_cart
from tests.kit.builders.customer import customer_registered
from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, ORDER_ID, PRODUCT_ID, an_id
from tests.kit.builders.product import product_on_sale
from tests.kit.builders.stock import stock_of, stock_reserved
from write_model.cart.events import CartConverted
from write_model.kernel.message import Event
from write_model.notification.events import NotificationPosted
from write_model.review.events import ReviewAdopted


def a_review(number: int = 1, *, score: int = 5, product_ids: tuple[UUID, ...] = (PRODUCT_ID,)) -> ReviewAdopted:
    return ReviewAdopted(
        review_id=an_id("review", number),
        origin_review_id=f"review-{number}",
        order_id=ORDER_ID,
        customer_id=CUSTOMER_ID,
        product_ids=product_ids,
        score=score,
        title="Muy bueno",
        comment=None,
        created_on="2018-01-18 00:00:00",
        answered_at=None,
    )


def a_notification(number: int = 1, *, channel: str = "in_app") -> NotificationPosted:
    return NotificationPosted(
        notification_id=an_id("notification", number),
        customer_id=CUSTOMER_ID,
        channel=channel,
        template="order_confirmed",
        locale="es",
        order_id=ORDER_ID,
        order_number=order.NUMBER,
        position=1,
    )


def a_story() -> list[Event]:
    """In an order in which it can happen; every projection hears something."""
    return [
        *product_on_sale(),
        *stock_of(10),
        customer_registered(),
        *ready_cart(),
        CartConverted(cart_id=CART_ID, order_id=ORDER_ID),
        order.PLACED,
        stock_reserved(),
        payment.CREATED,
        payment.REQUESTED,
        payment.AUTHORIZED,
        order.AUTHORIZED,
        order.CONFIRMED,
        payment.CAPTURE_REQUESTED,
        payment.CAPTURED,
        order.CAPTURED,
        a_notification(),
        a_review(),
    ]
