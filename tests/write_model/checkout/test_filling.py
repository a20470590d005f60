from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.kit.builders.cart import cart_created, cart_with, folded, offer, ready_cart
from tests.kit.builders.checkout import CART_NAME, CHECKOUT, PRODUCT_NAME, STOCK_NAME, catalogue
from tests.kit.builders.ids import CART_ID, LINE_ID, PRODUCT_ID, VARIANT_ID, an_id
from tests.kit.builders.product import price_changed, product_created, variant_added
from tests.kit.builders.stock import stock_opened
from tests.kit.given import NOW, given_many
from write_model.cart import rules
from write_model.cart.decider import CurrencyDiffers, LineUnknown, OfferUnknown
from write_model.cart.events import CartConverted, CartItemAdded, CartItemQuantityChanged, CartRepriced, NewPrice
from write_model.checkout.catalogue import NotForSale
from write_model.checkout.commands import AddToCart, AddVariant, ChangeInCart, RepriceCart
from write_model.checkout.loaded import cart_stream
from write_model.kernel.message import Event
from write_model.product.decider import Unknown, VariantDiffers
from write_model.product.events import ProductArchived
from write_model.stock.decider import NotAvailable, OfAnotherProduct
from write_model.stock.rules import WarehouseUnknown

VARIANT = AddVariant(
    product_id=PRODUCT_ID, variant_id=VARIANT_ID, sku="HAT-M", attributes={"talla": "M"}, price_minor=2499
)
ADD = AddToCart(cart_id=CART_ID, line_id=LINE_ID, variant_id=VARIANT_ID, quantity=2)
CHANGE = ChangeInCart(cart_id=CART_ID, line_id=LINE_ID, quantity=3)
REPRICE = RepriceCart(cart_id=CART_ID)
Facts = dict[str, Sequence[Event]]
EMPTY: Facts = {CART_NAME: [cart_created()]}


def test_a_variant_begins_with_a_stock_item_of_its_own() -> None:
    world = given_many(CHECKOUT, {PRODUCT_NAME: [product_created()]})
    world.when(VARIANT).then({PRODUCT_NAME: [variant_added()], STOCK_NAME: [stock_opened()]})
    world.when(VARIANT).granted().when(VARIANT).nothing()


def test_a_variant_of_no_product_is_refused() -> None:
    given_many(CHECKOUT).when(VARIANT).refused(Unknown)


def test_a_variant_is_of_one_product_only() -> None:
    other = an_id("product", 2)
    world: Facts = {PRODUCT_NAME: [product_created()], STOCK_NAME: [stock_opened(product_id=other)]}
    given_many(CHECKOUT, world).when(VARIANT).refused(OfAnotherProduct, variant=str(VARIANT_ID))


def test_a_variant_in_other_words_is_refused() -> None:
    world = given_many(CHECKOUT, {PRODUCT_NAME: [product_created()]}).when(VARIANT).granted()
    world.when(replace(VARIANT, price_minor=1)).refused(VariantDiffers, variant=str(VARIANT_ID))


def test_there_is_one_warehouse() -> None:
    world = given_many(CHECKOUT, {PRODUCT_NAME: [product_created()]})
    world.when(replace(VARIANT, warehouse="moon")).refused(WarehouseUnknown, allowed=["main"])


def test_a_line_takes_its_words_and_its_price_from_the_product() -> None:
    facts = given_many(CHECKOUT, {**catalogue(), **EMPTY}).when(ADD).facts()
    (added,) = facts[CART_NAME]
    assert isinstance(added, CartItemAdded)
    assert (added.sku, added.titles, added.tax_category) == (offer().sku, offer().titles, "standard")
    assert (added.unit_price_minor, added.product_version) == (2499, 3)
    assert added.totals == folded(cart_with()).totals
    assert set(facts) == {CART_NAME}


def test_the_price_is_the_one_of_the_moment() -> None:
    tomorrow = NOW + timedelta(days=1)
    world = given_many(CHECKOUT, {**catalogue(), **EMPTY}).and_then(
        {PRODUCT_NAME: [price_changed(after_minor=1999, valid_from=tomorrow)]}
    )
    prices = []
    for moment in (NOW, tomorrow):
        (added,) = world.at(moment).when(ADD).facts()[CART_NAME]
        assert isinstance(added, CartItemAdded)
        prices.append(added.unit_price_minor)
    assert prices == [2499, 1999]


def test_the_same_variant_again_is_counted_on_its_line() -> None:
    world = given_many(CHECKOUT, {**catalogue(), CART_NAME: cart_with()})
    (changed,) = world.when(replace(ADD, line_id=an_id("line", 2))).facts()[CART_NAME]
    assert isinstance(changed, CartItemQuantityChanged)
    assert (changed.line_id, changed.quantity) == (LINE_ID, 4)


def test_an_unknown_variant_is_refused() -> None:
    given_many(CHECKOUT, EMPTY).when(ADD).refused(OfferUnknown, variant=str(VARIANT_ID))


def test_a_variant_that_its_product_does_not_know_is_refused() -> None:
    world: Facts = {**EMPTY, STOCK_NAME: [stock_opened()], PRODUCT_NAME: [product_created()]}
    given_many(CHECKOUT, world).when(ADD).refused(OfferUnknown, variant=str(VARIANT_ID))


def test_a_product_that_is_not_on_sale_goes_into_no_cart() -> None:
    draft: Facts = {**EMPTY, STOCK_NAME: catalogue()[STOCK_NAME], PRODUCT_NAME: [product_created(), variant_added()]}
    given_many(CHECKOUT, draft).when(ADD).refused(NotForSale, variants=[str(VARIANT_ID)])
    archived = given_many(CHECKOUT, {**EMPTY, **catalogue()}).and_then(
        {PRODUCT_NAME: [ProductArchived(product_id=PRODUCT_ID, reason="old")]}
    )
    archived.when(ADD).refused(NotForSale, variants=[str(VARIANT_ID)])


def test_a_cart_asks_for_no_more_than_there_is() -> None:
    world = given_many(CHECKOUT, {**catalogue(quantity=3), CART_NAME: cart_with()})
    world.when(replace(ADD, quantity=2)).refused(NotAvailable, variant=str(VARIANT_ID), available=3)
    world.when(replace(CHANGE, quantity=4)).refused(NotAvailable, variant=str(VARIANT_ID), available=3)
    assert world.when(CHANGE).facts()


def test_fewer_is_possible_also_when_the_shelf_holds_less() -> None:
    cart = cart_with((LINE_ID, 9, offer()))
    world = given_many(CHECKOUT, {**catalogue(quantity=1), CART_NAME: cart})
    (changed,) = world.when(replace(CHANGE, quantity=5)).facts()[CART_NAME]
    assert isinstance(changed, CartItemQuantityChanged)
    assert changed.quantity == 5


@pytest.mark.parametrize("quantity", [0, -1, 1000, 10**9])
def test_a_quantity_out_of_range_is_refused(quantity: int) -> None:
    world = given_many(CHECKOUT, {**catalogue(quantity=1000), CART_NAME: cart_with()})
    for wish in (replace(ADD, quantity=quantity), replace(CHANGE, quantity=quantity)):
        world.when(wish).refused(rules.QuantityOutOfRange, min=1, max=999)


def test_a_line_never_grows_beyond_its_bound() -> None:
    cart = cart_with((LINE_ID, 998, offer()))
    world = given_many(CHECKOUT, {**catalogue(quantity=2000), CART_NAME: cart})
    world.when(ADD).refused(rules.QuantityOutOfRange, min=1, max=999)


def test_the_same_quantity_at_the_same_price_changes_nothing() -> None:
    world = given_many(CHECKOUT, {**catalogue(), CART_NAME: cart_with()})
    world.when(replace(CHANGE, quantity=2)).nothing()


def test_a_line_that_is_not_there_is_refused() -> None:
    given_many(CHECKOUT, {**catalogue(), **EMPTY}).when(CHANGE).refused(LineUnknown, line=str(LINE_ID))


def test_a_cart_of_one_currency_takes_no_product_of_another() -> None:
    brazilian = an_id("cart", 2)
    world = {**catalogue(), cart_stream(brazilian): [cart_created(cart_id=brazilian, market="BR", currency="BRL")]}
    wish = replace(ADD, cart_id=brazilian)
    given_many(CHECKOUT, world).when(wish).refused(CurrencyDiffers, currency="BRL")


@pytest.mark.parametrize("wish", [ADD, CHANGE, REPRICE])
def test_a_cart_that_is_not_there_or_closed_is_not_filled(wish: AddToCart | ChangeInCart | RepriceCart) -> None:
    given_many(CHECKOUT, catalogue()).when(wish).refused(rules.Unknown)
    closed = [*ready_cart(), CartConverted(cart_id=CART_ID, order_id=an_id("order"))]
    world = given_many(CHECKOUT, {**catalogue(), CART_NAME: closed})
    world.when(wish).refused(rules.Closed, status="ORDERED", allowed=["ACTIVE"])


def test_a_cart_takes_over_the_new_prices_when_it_is_asked_to() -> None:
    world = given_many(CHECKOUT, {**catalogue(), CART_NAME: cart_with()}).and_then(
        {PRODUCT_NAME: [price_changed(after_minor=2799, valid_from=NOW)]}
    )
    (repriced,) = world.when(REPRICE).facts()[CART_NAME]
    assert isinstance(repriced, CartRepriced)
    assert repriced.prices == (NewPrice(line_id=LINE_ID, before_minor=2499, after_minor=2799),)
    assert repriced.totals.total_minor == 2 * 2799 + 350
    world.when(REPRICE).granted().when(REPRICE).nothing()


def test_a_cart_at_the_catalogues_prices_stays_as_it_is() -> None:
    given_many(CHECKOUT, {**catalogue(), CART_NAME: cart_with()}).when(REPRICE).nothing()


def test_pricing_again_names_everything_that_is_gone() -> None:
    world = given_many(CHECKOUT, {**catalogue(), CART_NAME: cart_with()}).and_then(
        {PRODUCT_NAME: [ProductArchived(product_id=PRODUCT_ID, reason="old")]}
    )
    world.when(REPRICE).refused(NotForSale, variants=[str(VARIANT_ID)])
