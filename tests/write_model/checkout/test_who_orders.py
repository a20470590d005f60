"""Whose cart becomes an order, and what has to be in it?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.kit.builders.cart import cart_created, cart_with, ready_cart
from tests.kit.builders.checkout import (
    CART_NAME,
    CHECKOUT,
    CUSTOMER_NAME,
    PLACE,
    before_order,
    placed,
)
from tests.kit.builders.customer import customer_registered
from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, an_id
from tests.kit.given import NOW, given_many
from write_model.cart import rules as cart_rules
from write_model.cart.decider import OfAnotherCustomer
from write_model.cart.events import CartConverted, CartExpired, CartMerged
from write_model.checkout.loaded import cart_stream
from write_model.checkout.placing import (
    AddressMissing,
    CartAnonymous,
    CartEmpty,
    OrderThere,
    PaymentMethodMissing,
)
from write_model.customer.decider import Unknown as CustomerUnknown
from write_model.customer.events import CustomerAdopted

IN_15_MINUTES = NOW + timedelta(minutes=15)
OTHER_VARIANT, OTHER_PRODUCT = an_id("variant", 2), an_id("product", 2)


def test_nobody_orders_another_customers_cart() -> None:
    other = an_id("customer", 2)
    facts = {**before_order(), f"customer-{other}": [customer_registered(customer_id=other)]}
    given_many(CHECKOUT, facts).when(replace(PLACE, customer_id=other)).refused(OfAnotherCustomer)


def test_an_anonymous_cart_is_not_ordered() -> None:
    facts = before_order(cart=[cart_created(customer_id=None, session_id=an_id("session"))])
    given_many(CHECKOUT, facts).when(PLACE).refused(CartAnonymous)


def test_a_cart_that_is_not_there_is_not_ordered() -> None:
    given_many(CHECKOUT).when(PLACE).refused(cart_rules.Unknown)


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (CartConverted(cart_id=CART_ID, order_id=an_id("order", 2)), "ORDERED"),
        (CartMerged(cart_id=CART_ID, into=an_id("cart", 2)), "MERGED"),
        (CartExpired(cart_id=CART_ID), "EXPIRED"),
    ],
)
def test_a_closed_cart_is_not_ordered(last: CartConverted | CartMerged | CartExpired, status: str) -> None:
    world = given_many(CHECKOUT, before_order()).and_then({CART_NAME: [last]})
    world.when(PLACE).refused(cart_rules.Closed, status=status, allowed=["ACTIVE"])


def test_an_order_id_is_used_once() -> None:
    other_cart = an_id("cart", 2)
    world = placed().and_then({cart_stream(other_cart): ready_cart(cart_id=other_cart)})
    world.when(replace(PLACE, cart_id=other_cart)).refused(OrderThere)
    fresh = replace(PLACE, cart_id=other_cart, order_id=an_id("order", 2))
    world.when(fresh).refused(OrderThere)  # its payment id is taken


@pytest.mark.parametrize(
    "customer",
    [
        [],
        [customer_registered(email=None)],
        [
            CustomerAdopted(
                customer_id=CUSTOMER_ID,
                origin_person_id="a",
                origin_customer_id="b",
                zip_code_prefix="35182",
                city="timoteo",
                state="MG",
            )
        ],
    ],
)
def test_only_a_registered_customer_orders(customer: list[CustomerAdopted]) -> None:
    facts = {**before_order(), CUSTOMER_NAME: customer}
    given_many(CHECKOUT, facts).when(PLACE).refused(CustomerUnknown)


def test_an_empty_cart_is_not_ordered() -> None:
    given_many(CHECKOUT, before_order(cart=[cart_created()])).when(PLACE).refused(CartEmpty)


def test_an_order_needs_an_address_and_a_payment_method() -> None:
    given_many(CHECKOUT, before_order(cart=cart_with())).when(PLACE).refused(AddressMissing)
    *most, _method = ready_cart()
    given_many(CHECKOUT, before_order(cart=most)).when(PLACE).refused(PaymentMethodMissing)
