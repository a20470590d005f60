"""What holds for every wish of checkout, in every world that its tests know."""

from collections.abc import Callable

import pytest

from tests.kit.builders.cart import cart_created, cart_with
from tests.kit.builders.checkout import (
    CANCEL,
    CART_NAME,
    CHECKOUT,
    CONFIRM,
    EXPIRE,
    ORDER_NAME,
    PLACE,
    PRODUCT_NAME,
    STOCK_NAME,
    authorized,
    before_order,
    cancelled,
    catalogue,
    confirmed,
    expired,
    placed,
)
from tests.kit.builders.ids import CART_ID, LINE_ID, ORDER_ID, PRODUCT_ID, VARIANT_ID
from tests.kit.given import GivenMany, context, given_many
from write_model.checkout.commands import AddToCart, AddVariant, ChangeInCart, CheckoutCommand, RepriceCart
from write_model.checkout.decider import decide, streams
from write_model.checkout.loaded import cart_stream, order_stream, stock_stream
from write_model.kernel.refused import Refused
from write_model.order.transitions import TABLE
from write_model.stock.decider import STOCK, StockItem

WISHES: dict[str, CheckoutCommand] = {
    "AddVariant": AddVariant(product_id=PRODUCT_ID, variant_id=VARIANT_ID, sku="X", attributes={}, price_minor=1),
    "AddToCart": AddToCart(cart_id=CART_ID, line_id=LINE_ID, variant_id=VARIANT_ID, quantity=1),
    "ChangeInCart": ChangeInCart(cart_id=CART_ID, line_id=LINE_ID, quantity=1),
    "RepriceCart": RepriceCart(cart_id=CART_ID),
    "PlaceOrder": PLACE,
    "ConfirmOrder": CONFIRM,
    "CancelOrder": CANCEL,
    "ExpireOrder": EXPIRE,
}
WORLDS: dict[str, Callable[[], GivenMany]] = {
    "nothing": lambda: given_many(CHECKOUT),
    "a catalogue": lambda: given_many(CHECKOUT, catalogue()),
    "an empty cart": lambda: given_many(CHECKOUT, {**catalogue(), CART_NAME: [cart_created()]}),
    "a cart": lambda: given_many(CHECKOUT, {**catalogue(), CART_NAME: cart_with()}),
    "a ready cart": lambda: given_many(CHECKOUT, before_order()),
    "a placed order": placed,
    "an authorised order": authorized,
    "a confirmed order": confirmed,
    "a cancelled order": cancelled,
    "an expired order": expired,
}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("wish", WISHES)
def test_a_wish_is_granted_or_refused_and_never_a_bug(world: str, wish: str) -> None:
    outcome = WORLDS[world]().when(WISHES[wish])
    try:
        facts = outcome.facts()
    except Refused as refusal:
        outcome.refused(type(refusal), **refusal.details)
    else:
        assert all(facts.values())


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("wish", [name for name in WISHES if name != "AddToCart"])
def test_what_has_been_granted_is_not_granted_again(world: str, wish: str) -> None:
    outcome = WORLDS[world]().when(WISHES[wish])
    try:
        after = outcome.granted()
    except Refused:
        return
    after.when(WISHES[wish]).nothing()


LIFECYCLES = {
    "PENDING": placed,
    "CONFIRMED": confirmed,
    "CANCELLED": cancelled,
    "EXPIRED": expired,
}


@pytest.mark.parametrize("lifecycle", LIFECYCLES)
@pytest.mark.parametrize("wish", ["ConfirmOrder", "CancelOrder", "ExpireOrder"])
def test_an_order_ends_as_the_table_of_its_room_says(lifecycle: str, wish: str) -> None:
    world = LIFECYCLES[lifecycle]()
    outcome = (authorized(world) if lifecycle == "PENDING" else world).when(WISHES[wish])
    step = TABLE[wish]
    if step.leads_to == lifecycle:
        outcome.nothing()
    elif lifecycle in step.allowed:
        assert ORDER_NAME in outcome.facts()
    else:
        with pytest.raises(Refused) as refusal:
            outcome.facts()
        assert refusal.value.details == {"state": lifecycle, "allowed": list(step.allowed)}


def test_streams_are_named_as_far_as_is_known() -> None:
    wish = WISHES["AddToCart"]
    assert streams(wish, {}) == {CART_NAME, STOCK_NAME}
    item = STOCK.fold(STOCK.initial, catalogue()[STOCK_NAME])  # type: ignore[arg-type]
    assert streams(wish, {STOCK_NAME: item}) == {CART_NAME, STOCK_NAME, PRODUCT_NAME}
    assert streams(wish, {STOCK_NAME: StockItem()}) == {CART_NAME, STOCK_NAME}
    assert streams(CONFIRM, {}) == {order_stream(ORDER_ID)}
    assert CHECKOUT.load(CONFIRM, placed().facts).keys() == {order_stream(ORDER_ID), stock_stream(VARIANT_ID)}
    assert streams(WISHES["ChangeInCart"], {}) == {cart_stream(CART_ID)}


def test_a_stream_that_was_not_loaded_is_a_bug_and_no_refusal() -> None:
    with pytest.raises(LookupError):
        decide(CONFIRM, {}, context())
