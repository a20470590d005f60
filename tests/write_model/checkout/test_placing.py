from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from tests.kit.builders.cart import ADDRESS, METHOD, folded, offer, ready_cart
from tests.kit.builders.checkout import (
    CART_NAME,
    CHECKOUT,
    CUSTOMER_NAME,
    ORDER_NAME,
    PAYMENT_NAME,
    PLACE,
    PRODUCT_NAME,
    STOCK_NAME,
    before_order,
    catalogue,
    placed,
)
from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, LINE_ID, ORDER_ID, PAYMENT_ID, PRODUCT_ID, VARIANT_ID, an_id
from tests.kit.builders.product import price_changed
from tests.kit.builders.stock import stock_reserved
from tests.kit.given import NOW, context, given_many
from write_model.cart import rules as cart_rules
from write_model.cart.events import CartConverted, CartEvent, CartItemAdded, ShippingAddressSet
from write_model.checkout.catalogue import NotForSale
from write_model.checkout.loaded import stock_stream
from write_model.checkout.placing import (
    PriceChanged,
)
from write_model.customer.decider import LocaleUnknown
from write_model.kernel.totals import Totals
from write_model.order.events import OrderConfirmed, OrderLine, OrderPlaced, Reservation
from write_model.order.numbers import order_number
from write_model.payment.events import PaymentCreated
from write_model.product.events import ProductArchived
from write_model.stock.decider import NotAvailable
from write_model.stock.events import ReservationAllocated, StockRanLow

IN_15_MINUTES = NOW + timedelta(minutes=15)
OTHER_VARIANT, OTHER_PRODUCT = an_id("variant", 2), an_id("product", 2)


LINE_OF_IT = OrderLine(
    line_id=LINE_ID,
    product_id=PRODUCT_ID,
    variant_id=VARIANT_ID,
    sku=offer().sku,
    titles=offer().titles,
    quantity=2,
    unit_price_minor=2499,
)
PAYMENT_OF_IT = PaymentCreated(
    payment_id=PAYMENT_ID,
    order_id=ORDER_ID,
    customer_id=CUSTOMER_ID,
    amount_minor=5348,
    currency="USD",
    method=METHOD,
    capture_policy="on_confirmation",
)


def totals_of(cart: Sequence[CartEvent]) -> Totals:
    return folded(cart).totals


def with_totals(cart: Sequence[CartEvent], totals: Totals) -> list[CartEvent]:
    """The same cart, whose events tell these totals."""
    told = CartItemAdded | ShippingAddressSet
    return [replace(event, totals=totals) if isinstance(event, told) else event for event in cart]


def test_a_cart_becomes_an_order_with_its_stock_and_its_payment_at_once() -> None:
    world = before_order()
    totals = totals_of(ready_cart())
    assert totals.total_minor == 2 * 2499 + 350
    order = OrderPlaced(
        order_id=ORDER_ID,
        number=order_number(ORDER_ID),
        customer_id=CUSTOMER_ID,
        cart_id=CART_ID,
        market="EC",
        locale="es",
        lines=(LINE_OF_IT,),
        delivery_option="standard",
        totals=totals,
        address=ADDRESS,
        contact_email="maria@example.com",
        contact_name="María Quishpe",
        reservations=(Reservation(product_id=PRODUCT_ID, variant_id=VARIANT_ID, warehouse="main", quantity=2),),
        reserved_until=IN_15_MINUTES,
        payment_id=PAYMENT_ID,
        payment_method=METHOD,
        capture_policy="on_confirmation",
    )
    given_many(CHECKOUT, world).when(PLACE).then(
        {
            CART_NAME: [CartConverted(cart_id=CART_ID, order_id=ORDER_ID)],
            ORDER_NAME: [order],
            STOCK_NAME: [stock_reserved(quantity=2, available=8)],
            PAYMENT_NAME: [PAYMENT_OF_IT],
        }
    )


def test_two_lines_of_two_items_are_five_events() -> None:
    other = offer(variant_id=OTHER_VARIANT, product_id=OTHER_PRODUCT, unit_price_minor=999)
    cart = ready_cart((LINE_ID, 2, offer()), (an_id("line", 2), 1, other))
    world = {
        **before_order(cart=cart),
        **catalogue(product_id=OTHER_PRODUCT, variant_id=OTHER_VARIANT, price_minor=999),
    }
    facts = given_many(CHECKOUT, world).when(PLACE).facts()
    assert sum(len(events) for events in facts.values()) == 5
    assert set(facts) == {CART_NAME, ORDER_NAME, STOCK_NAME, stock_stream(OTHER_VARIANT), PAYMENT_NAME}


def test_placing_it_again_changes_nothing() -> None:
    placed().when(PLACE).nothing()


def test_two_lines_of_one_item_are_asked_for_together() -> None:
    """The cart adds them on one line; an older stream may hold two."""
    (created, added, *rest) = ready_cart((LINE_ID, 3, offer()))
    assert isinstance(added, CartItemAdded)
    twice = replace(added, line_id=an_id("line", 2))
    cart = [created, added, twice, *rest]
    both = cart_rules.totals(folded(cart), folded(cart).lines, context())
    cart = with_totals(cart, both)
    world = given_many(CHECKOUT, before_order(quantity=5, cart=cart))
    world.when(PLACE).refused(NotAvailable, variant=str(VARIANT_ID), available=5)
    enough = given_many(CHECKOUT, before_order(quantity=6, cart=cart)).when(PLACE).facts()
    assert enough[STOCK_NAME][0] == stock_reserved(quantity=6, available=0)


def test_the_last_units_are_told_to_be_the_last() -> None:
    facts = given_many(CHECKOUT, before_order(quantity=7)).when(PLACE).facts()
    low = StockRanLow(product_id=PRODUCT_ID, variant_id=VARIANT_ID, warehouse="main", available=5, threshold=5)
    assert facts[STOCK_NAME] == [stock_reserved(quantity=2, available=5), low]


def test_more_than_there_is_refuses_the_whole_order() -> None:
    world = given_many(CHECKOUT, before_order(quantity=1))
    world.when(PLACE).refused(NotAvailable, variant=str(VARIANT_ID), available=1)


def test_what_another_order_holds_is_not_there() -> None:
    reserved = stock_reserved(quantity=9, available=1, reservation_id=an_id("order", 2))
    world = given_many(CHECKOUT, before_order()).and_then({STOCK_NAME: [reserved]})
    world.when(PLACE).refused(NotAvailable, variant=str(VARIANT_ID), available=1)


def test_another_price_in_the_catalogue_refuses_and_names_the_lines() -> None:
    changed = price_changed(after_minor=2799, valid_from=NOW)
    world = given_many(CHECKOUT, before_order()).and_then({PRODUCT_NAME: [changed]})
    line = {"lineId": str(LINE_ID), "beforeMinor": 2499, "afterMinor": 2799}
    world.when(PLACE).refused(PriceChanged, lines=[line])


def test_a_price_of_tomorrow_does_not_concern_an_order_of_today() -> None:
    tomorrow = NOW + timedelta(days=1)
    changed = price_changed(after_minor=2799, valid_from=tomorrow)
    world = given_many(CHECKOUT, before_order()).and_then({PRODUCT_NAME: [changed]})
    assert ORDER_NAME in world.when(PLACE).facts()
    line = {"lineId": str(LINE_ID), "beforeMinor": 2499, "afterMinor": 2799}
    world.at(tomorrow).when(PLACE).refused(PriceChanged, lines=[line])


def test_a_total_that_taxes_or_shipping_changed_is_refused_with_both_totals() -> None:
    cart = ready_cart()
    shown = replace(totals_of(cart), total_minor=5000, shipping_minor=2)
    cart = with_totals(cart, shown)
    world = given_many(CHECKOUT, before_order(cart=cart))
    world.when(PLACE).refused(PriceChanged, lines=[], beforeMinor=5000, afterMinor=5348)


def test_an_archived_product_is_named_and_not_sold() -> None:
    archived = ProductArchived(product_id=PRODUCT_ID, reason="old")
    world = given_many(CHECKOUT, before_order()).and_then({PRODUCT_NAME: [archived]})
    world.when(PLACE).refused(NotForSale, variants=[str(VARIANT_ID)])


def test_the_order_speaks_the_language_that_was_asked_for() -> None:
    facts = given_many(CHECKOUT, before_order()).when(replace(PLACE, locale="en")).facts()
    (order,) = facts[ORDER_NAME]
    assert isinstance(order, OrderPlaced)
    assert order.locale == "en"
    given_many(CHECKOUT, before_order()).when(replace(PLACE, locale="xx")).refused(
        LocaleUnknown, languages=["es", "en", "pt"]
    )


def test_an_order_that_costs_nothing_is_confirmed_at_once_without_a_payment(monkeypatch: pytest.MonkeyPatch) -> None:
    cart = ready_cart()[:-1]  # without a payment method
    free = replace(totals_of(cart), total_minor=0, discount_minor=4998, shipping_minor=0)
    cart = with_totals(cart, free)
    monkeypatch.setattr(cart_rules, "totals", lambda *_: free)  # no discount of today makes a cart free
    facts = given_many(CHECKOUT, before_order(cart=cart)).when(PLACE).facts()
    assert PAYMENT_NAME not in facts
    assert facts[ORDER_NAME][1:] == [OrderConfirmed(order_id=ORDER_ID, customer_id=CUSTOMER_ID, payment_id=PAYMENT_ID)]
    allocated = ReservationAllocated(
        product_id=PRODUCT_ID,
        variant_id=VARIANT_ID,
        warehouse="main",
        available=8,
        reservation_id=ORDER_ID,
        quantity=2,
    )
    assert facts[STOCK_NAME] == [stock_reserved(quantity=2, available=8), allocated]


def test_the_largest_cart_is_one_event_of_at_most_64_kib() -> None:
    size = cart_rules.LINES_MAX
    words = "ñ" * (cart_rules.WORDS_MAX // size // 4 - 4)
    lines = []
    world = before_order(cart=[])
    for n in range(size):
        variant_id, product_id = an_id("variant", n), an_id("product", n)
        offered = replace(
            offer(variant_id=variant_id, product_id=product_id, unit_price_minor=10**9),
            titles={"es": words, "en": words},
            tax_category="standard",
        )
        lines.append((an_id("line", n), 999, offered))
        world |= catalogue(quantity=1000, product_id=product_id, variant_id=variant_id, price_minor=10**9)
    world[CART_NAME] = ready_cart(*lines)
    facts = given_many(CHECKOUT, world).when(PLACE).facts()
    (order,) = facts[ORDER_NAME]
    assert len(msgspec.json.encode(order)) < 62 * 1024  # and 2 KiB for what sealing adds to personal fields
    assert sum(len(events) for events in facts.values()) <= 256


def test_every_stream_that_changes_has_been_asked_for_before() -> None:
    names = CHECKOUT.load(PLACE, before_order())
    assert set(names) == {CART_NAME, PRODUCT_NAME, STOCK_NAME, CUSTOMER_NAME, ORDER_NAME, PAYMENT_NAME}
