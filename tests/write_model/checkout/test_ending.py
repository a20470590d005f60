from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.kit.builders.checkout import (
    CANCEL,
    CHECKOUT,
    CONFIRM,
    EXPIRE,
    ORDER_NAME,
    STOCK_NAME,
    authorized,
    cancelled,
    confirmed,
    expired,
    placed,
)
from tests.kit.builders.ids import CUSTOMER_ID, ORDER_ID, PAYMENT_ID, PRODUCT_ID, VARIANT_ID
from tests.kit.given import NOW, GivenMany, given_many
from write_model.checkout.commands import CancelOrder, ConfirmOrder, ExpireOrder
from write_model.checkout.ending import (
    AlreadyShipped,
    OfAnotherSystem,
    PaymentMissing,
    ReasonInvalid,
    ReservationEnded,
)
from write_model.order.decider import Unknown
from write_model.order.events import OrderAdopted, OrderCancelled, OrderConfirmed, OrderExpired, OrderPaymentAuthorized
from write_model.order.transitions import WrongState
from write_model.stock.events import (
    ReservationAllocated,
    ReservationCommitted,
    ReservationExpired,
    ReservationReleased,
)

ALLOCATED = ReservationAllocated(
    product_id=PRODUCT_ID,
    variant_id=VARIANT_ID,
    warehouse="main",
    available=8,
    reservation_id=ORDER_ID,
    quantity=2,
)
ENDED = ReservationExpired(
    product_id=PRODUCT_ID,
    variant_id=VARIANT_ID,
    warehouse="main",
    available=10,
    reservation_id=ORDER_ID,
    quantity=2,
)
COMMITTED = ReservationCommitted(
    product_id=PRODUCT_ID,
    variant_id=VARIANT_ID,
    warehouse="main",
    available=8,
    reservation_id=ORDER_ID,
    quantity=2,
)
ADOPTED = OrderAdopted(
    order_id=ORDER_ID,
    number="ABCDEFGHIJ",
    customer_id=CUSTOMER_ID,
    origin_order_id="a",
    origin_customer_id="b",
    origin_status="created",
    currency="BRL",
    purchased_at="2017-07-09 21:57:05",
    approved_at=None,
    handed_to_carrier_at=None,
    delivered_at=None,
    estimated_delivery_on=None,
)


def released(reason: str) -> ReservationReleased:
    return ReservationReleased(
        product_id=PRODUCT_ID,
        variant_id=VARIANT_ID,
        warehouse="main",
        available=10,
        reservation_id=ORDER_ID,
        quantity=2,
        reason=reason,
    )


def test_an_authorised_order_is_confirmed_and_its_stock_allocated() -> None:
    order = OrderConfirmed(order_id=ORDER_ID, customer_id=CUSTOMER_ID, payment_id=PAYMENT_ID)
    authorized().when(CONFIRM).then({ORDER_NAME: [order], STOCK_NAME: [ALLOCATED]})


def test_an_order_without_its_whole_payment_is_not_confirmed() -> None:
    placed().when(CONFIRM).refused(PaymentMissing, authorizedMinor=0, totalMinor=5348)
    part = OrderPaymentAuthorized(order_id=ORDER_ID, customer_id=CUSTOMER_ID, payment_id=PAYMENT_ID, amount_minor=5347)
    world = placed().and_then({ORDER_NAME: [part]})
    world.when(CONFIRM).refused(PaymentMissing, authorizedMinor=5347, totalMinor=5348)


def test_an_order_whose_reservation_has_ended_is_not_confirmed() -> None:
    world = authorized().and_then({STOCK_NAME: [ENDED]})
    world.when(CONFIRM).refused(ReservationEnded, variants=[str(VARIANT_ID)])


def test_a_reservation_past_its_time_that_nobody_has_ended_is_still_confirmed() -> None:
    world = authorized().at(NOW + timedelta(hours=1))
    assert world.when(CONFIRM).facts()[STOCK_NAME] == [ALLOCATED]


def test_an_order_confirmed_an_hour_ago_still_holds_its_stock() -> None:
    an_hour_later = confirmed().at(NOW + timedelta(hours=1))
    released_at_last = an_hour_later.when(CANCEL).facts()[STOCK_NAME]
    assert released_at_last == [released("order.cancelled")]


def test_a_cancelled_order_gives_its_stock_back() -> None:
    order = OrderCancelled(
        order_id=ORDER_ID,
        customer_id=CUSTOMER_ID,
        payment_id=PAYMENT_ID,
        reason="changed my mind",
        decline_code=None,
    )
    placed().when(CANCEL).then({ORDER_NAME: [order], STOCK_NAME: [released("order.cancelled")]})


def test_a_declined_payment_says_why_it_ends_the_order() -> None:
    wish = CancelOrder(order_id=ORDER_ID, reason="payment.declined", decline_code="insufficient_funds")
    (order,) = placed().when(wish).facts()[ORDER_NAME]
    assert isinstance(order, OrderCancelled)
    assert (order.reason, order.decline_code) == ("payment.declined", "insufficient_funds")


def test_a_cancelled_order_whose_reservation_has_ended_releases_nothing() -> None:
    world = placed().and_then({STOCK_NAME: [ENDED]})
    assert set(world.when(CANCEL).facts()) == {ORDER_NAME}


def test_an_order_that_is_on_its_way_is_not_cancelled() -> None:
    world = confirmed().and_then({STOCK_NAME: [COMMITTED]})
    world.when(CANCEL).refused(AlreadyShipped, variant=str(VARIANT_ID))


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "nul\0"])
def test_an_order_is_not_ended_without_a_proper_reason(reason: str) -> None:
    placed().when(replace(CANCEL, reason=reason)).refused(ReasonInvalid, longest=500)
    placed().when(replace(EXPIRE, reason=reason)).refused(ReasonInvalid, longest=500)


def test_an_expired_order_gives_its_stock_back() -> None:
    order = OrderExpired(order_id=ORDER_ID, customer_id=CUSTOMER_ID, payment_id=PAYMENT_ID, reason="time")
    placed().when(EXPIRE).then({ORDER_NAME: [order], STOCK_NAME: [released("order.expired")]})


Wish = ConfirmOrder | CancelOrder | ExpireOrder


def nowhere() -> GivenMany:
    return given_many(CHECKOUT)


def adopted() -> GivenMany:
    return given_many(CHECKOUT, {ORDER_NAME: [ADOPTED]})


@pytest.mark.parametrize("wish", [CONFIRM, CANCEL, EXPIRE])
def test_an_order_that_is_not_there_is_unknown(wish: Wish) -> None:
    nowhere().when(wish).refused(Unknown)


@pytest.mark.parametrize("wish", [CONFIRM, CANCEL, EXPIRE])
def test_an_order_of_another_system_is_history(wish: Wish) -> None:
    adopted().when(wish).refused(OfAnotherSystem)


@pytest.mark.parametrize(
    ("world", "wish", "state", "allowed"),
    [
        (cancelled, CONFIRM, "CANCELLED", ["PENDING"]),
        (expired, CONFIRM, "EXPIRED", ["PENDING"]),
        (expired, CANCEL, "EXPIRED", ["PENDING", "CONFIRMED"]),
        (confirmed, EXPIRE, "CONFIRMED", ["PENDING"]),
        (cancelled, EXPIRE, "CANCELLED", ["PENDING"]),
    ],
)
def test_an_illegal_end_names_the_state_and_those_that_allow_it(
    world: Callable[[], GivenMany], wish: Wish, state: str, allowed: list[str]
) -> None:
    world().when(wish).refused(WrongState, state=state, allowed=allowed)


@pytest.mark.parametrize(
    ("world", "wish"), [(authorized, CONFIRM), (placed, CANCEL), (confirmed, CANCEL), (placed, EXPIRE)]
)
def test_what_has_been_granted_is_not_granted_again(world: Callable[[], GivenMany], wish: Wish) -> None:
    before = world().when(wish)
    assert before.facts()
    before.granted().when(wish).nothing()
