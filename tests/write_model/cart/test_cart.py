from dataclasses import replace

import pytest

from tests.kit.builders.cart import ADDRESS, METHOD, cart_created, cart_with, folded, offer, ready_cart
from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, LINE_ID, VARIANT_ID, an_id
from tests.kit.given import context, given
from write_model.cart import decider as carts
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
from write_model.cart.decider import CART, AlreadyThere, LineTaken, LineUnknown, OfAnotherCustomer, OwnerMissing
from write_model.cart.events import (
    CartConverted,
    CartCustomerAssigned,
    CartEvent,
    CartExpired,
    CartItemAdded,
    CartItemRemoved,
    CartMerged,
    DeliveryOptionSelected,
    PaymentMethodSelected,
    ShippingAddressSet,
)
from write_model.pricing.totals import nothing

SESSION = an_id("session")
CREATE = CreateCart(cart_id=CART_ID, market="EC", customer_id=CUSTOMER_ID)
REMOVE = RemoveItem(cart_id=CART_ID, line_id=LINE_ID)
ASSIGN = AssignCustomer(cart_id=CART_ID, customer_id=CUSTOMER_ID)
ADDRESSED = SetShippingAddress(cart_id=CART_ID, address=ADDRESS)
DELIVERY = SelectDeliveryOption(cart_id=CART_ID, option="standard")
PAY = SelectPaymentMethod(cart_id=CART_ID, method=METHOD)
EXPIRE = ExpireCart(cart_id=CART_ID)
ANONYMOUS = cart_created(customer_id=None, session_id=SESSION)


def test_a_cart_begins_in_the_currency_of_its_market() -> None:
    given(CART).when(CREATE).then(cart_created())
    given(CART, cart_created()).when(CREATE).nothing()


def test_an_anonymous_cart_belongs_to_its_session() -> None:
    given(CART).when(CreateCart(cart_id=CART_ID, market="EC", session_id=SESSION)).then(ANONYMOUS)


def test_a_cart_belongs_to_somebody() -> None:
    given(CART).when(CreateCart(cart_id=CART_ID, market="EC")).refused(OwnerMissing)


def test_a_cart_is_for_a_market_that_there_is() -> None:
    given(CART).when(replace(CREATE, market="XX")).refused(rules.MarketUnknown, allowed=["BR", "EC"])


def test_another_cart_under_the_same_id_is_refused() -> None:
    other = replace(CREATE, customer_id=an_id("customer", 2))
    given(CART, cart_created()).when(other).refused(AlreadyThere, status="ACTIVE")


def test_a_removed_line_takes_its_amounts_with_it() -> None:
    removed = CartItemRemoved(cart_id=CART_ID, line_id=LINE_ID, variant_id=VARIANT_ID, totals=nothing("USD"))
    given(CART, *cart_with()).when(REMOVE).then(removed)
    given(CART, *cart_with(), removed).when(REMOVE).nothing()


def test_a_line_that_never_was_is_not_removed() -> None:
    given(CART, cart_created()).when(REMOVE).refused(LineUnknown, line=str(LINE_ID))


def test_the_id_of_a_line_is_used_once() -> None:
    other = offer(variant_id=an_id("variant", 2))
    for facts in (cart_with(), [*cart_with(), *given(CART, *cart_with()).when(REMOVE).facts()]):
        with pytest.raises(LineTaken):
            carts.add(folded(facts), LINE_ID, 1, other, context())


def test_a_cart_has_an_end() -> None:
    lines = [(an_id("line", n), 1, offer(variant_id=an_id("variant", n))) for n in range(rules.LINES_MAX)]
    cart = folded(cart_with(*lines))
    one_more = offer(variant_id=an_id("variant", 999))
    with pytest.raises(rules.TooManyLines) as refusal:
        carts.add(cart, an_id("line", 999), 1, one_more, context())
    assert refusal.value.details == {"max": 50}
    assert carts.add(cart, an_id("line", 999), 1, lines[0][2], context()), "more of what is there is possible"


def test_the_words_of_a_cart_have_an_end_as_well() -> None:
    wordy = [replace(offer(variant_id=an_id("variant", n)), titles={"es": "帽" * 200}) for n in range(40)]
    lines = [(an_id("line", n), 1, each) for n, each in enumerate(wordy[:32])]
    with pytest.raises(rules.TooManyLines):
        carts.add(folded(cart_with(*lines)), an_id("line", 999), 1, wordy[39], context())


def test_totals_are_by_the_taxes_of_the_markets_day() -> None:
    (_, added) = cart_with((LINE_ID, 2, offer(tax_category="zero")))
    assert isinstance(added, CartItemAdded)
    assert added.totals.tax_minor == 0
    (_, added) = cart_with()
    assert isinstance(added, CartItemAdded)
    assert (added.totals.tax_minor, added.totals.total_minor) == (652, 4998 + 350)
    assert [entry.rule for entry in added.totals.trace] == [
        "price.catalogue",
        "tax.EC.standard",
        "shipping.flat.EC",
    ]


def test_a_change_of_one_line_leaves_the_others_as_they_are() -> None:
    second, other = an_id("line", 2), offer(variant_id=an_id("variant", 2), unit_price_minor=999)
    facts = cart_with((LINE_ID, 2, offer()), (second, 1, other))
    (changed,) = carts.change(folded(facts), second, 3, other, context())
    cart = folded([*facts, changed])
    assert [(line.line_id, line.quantity) for line in cart.lines] == [(LINE_ID, 2), (second, 3)]
    assert cart.totals.subtotal_minor == 2 * 2499 + 3 * 999


def test_a_cart_is_given_to_a_customer_once() -> None:
    assigned = CartCustomerAssigned(cart_id=CART_ID, customer_id=CUSTOMER_ID)
    given(CART, ANONYMOUS).when(ASSIGN).then(assigned)
    given(CART, ANONYMOUS, assigned).when(ASSIGN).nothing()
    other = AssignCustomer(cart_id=CART_ID, customer_id=an_id("customer", 2))
    given(CART, ANONYMOUS, assigned).when(other).refused(OfAnotherCustomer)


def test_an_address_is_sealed_for_whom_the_cart_is() -> None:
    totals = folded(cart_with()).totals
    of_customer = ShippingAddressSet(cart_id=CART_ID, subject=CUSTOMER_ID, address=ADDRESS, totals=totals)
    given(CART, *cart_with()).when(ADDRESSED).then(of_customer)
    given(CART, *cart_with(), of_customer).when(ADDRESSED).nothing()
    of_session = ShippingAddressSet(cart_id=CART_ID, subject=CART_ID, address=ADDRESS, totals=nothing("USD"))
    given(CART, ANONYMOUS).when(ADDRESSED).then(of_session)


def test_an_address_that_was_erased_can_be_set_again() -> None:
    erased = ShippingAddressSet(cart_id=CART_ID, subject=CUSTOMER_ID, address=None, totals=nothing("USD"))
    assert given(CART, cart_created(), erased).when(ADDRESSED).facts()


@pytest.mark.parametrize(
    ("changes", "field", "longest"),
    [
        ({"recipient": ""}, "recipient", 120),
        ({"recipient": "x" * 121}, "recipient", 120),
        ({"line1": "nul\0"}, "line1", 200),
        ({"line2": " "}, "line2", 200),
        ({"city": ""}, "city", 100),
        ({"region": "x" * 101}, "region", 100),
        ({"postal_code": "x" * 21}, "postal_code", 20),
        ({"phone": "x" * 31}, "phone", 30),
        ({"country": "ECU"}, "country", 2),
    ],
)
def test_a_wrong_address_names_the_field_and_never_what_is_in_it(
    changes: dict[str, str], field: str, longest: int
) -> None:
    address = replace(ADDRESS, **changes)
    wish = SetShippingAddress(cart_id=CART_ID, address=address)
    given(CART, *cart_with()).when(wish).refused(rules.AddressInvalid, field=field, longest=longest)


def test_nothing_is_sent_to_another_country_than_the_markets() -> None:
    wish = SetShippingAddress(cart_id=CART_ID, address=replace(ADDRESS, country="PE"))
    given(CART, *cart_with()).when(wish).refused(rules.AddressInvalid, field="country", allowed=["EC"])


def test_a_delivery_option_is_chosen_once() -> None:
    totals = folded(cart_with()).totals
    selected = DeliveryOptionSelected(cart_id=CART_ID, option="standard", totals=totals)
    given(CART, *cart_with()).when(DELIVERY).then(selected)
    given(CART, *cart_with(), selected).when(DELIVERY).nothing()
    drone = SelectDeliveryOption(cart_id=CART_ID, option="drone")
    given(CART, *cart_with()).when(drone).refused(rules.DeliveryUnknown, allowed=["standard"])


def test_a_payment_method_is_chosen_and_changed() -> None:
    selected = PaymentMethodSelected(cart_id=CART_ID, method=METHOD)
    given(CART, *cart_with()).when(PAY).then(selected)
    given(CART, *cart_with(), selected).when(PAY).nothing()
    other = SelectPaymentMethod(cart_id=CART_ID, method="pm_card_mastercard")
    assert given(CART, *cart_with(), selected).when(other).state.payment_method == "pm_card_mastercard"


@pytest.mark.parametrize(
    "method",
    [
        "",
        " ",
        "pm_" + "x" * 253,
        "pm card",
        "pm_ñ",
        "pm_\0",
        "4242424242424242",
        "4242-4242-4242-4242",
        "pm_4242424242424242",
    ],
)
def test_a_payment_method_is_a_providers_id_and_no_card_number(method: str) -> None:
    wish = SelectPaymentMethod(cart_id=CART_ID, method=method)
    given(CART, *cart_with()).when(wish).refused(rules.PaymentMethodInvalid, longest=255)


def test_a_cart_is_converted_into_one_order() -> None:
    order, other = an_id("order", 1), an_id("order", 2)
    converted = CartConverted(cart_id=CART_ID, order_id=order)
    assert carts.convert(folded(ready_cart()), order) == [converted]
    assert carts.convert(folded([*ready_cart(), converted]), order) == []
    with pytest.raises(rules.Closed):
        carts.convert(folded([*ready_cart(), converted]), other)


CLOSED: dict[str, CartEvent] = {
    "ORDERED": CartConverted(cart_id=CART_ID, order_id=an_id("order")),
    "MERGED": CartMerged(cart_id=CART_ID, into=an_id("cart", 2)),
    "EXPIRED": CartExpired(cart_id=CART_ID),
}
WISHES: dict[str, CartCommand] = {
    "remove": REMOVE,
    "assign": ASSIGN,
    "address": ADDRESSED,
    "delivery": DELIVERY,
    "pay": PAY,
    "expire": EXPIRE,
}


@pytest.mark.parametrize("status", CLOSED)
@pytest.mark.parametrize("wish", WISHES)
def test_a_closed_cart_refuses_every_change(status: str, wish: str) -> None:
    outcome = given(CART, *cart_with(), CLOSED[status]).when(WISHES[wish])
    if (status, wish) == ("EXPIRED", "expire"):
        outcome.nothing()
    else:
        outcome.refused(rules.Closed, status=status, allowed=["ACTIVE"])


@pytest.mark.parametrize("status", CLOSED)
def test_a_closed_cart_is_not_created_again(status: str) -> None:
    given(CART, cart_created(), CLOSED[status]).when(CREATE).refused(AlreadyThere, status=status)


@pytest.mark.parametrize("wish", WISHES)
def test_a_cart_that_is_not_there_refuses_every_change(wish: str) -> None:
    given(CART).when(WISHES[wish]).refused(rules.Unknown)


@pytest.mark.parametrize("wish", WISHES)
def test_what_has_been_granted_is_not_granted_again(wish: str) -> None:
    facts = given(CART, *cart_with()).when(WISHES[wish]).facts()
    given(CART, *cart_with(), *facts).when(WISHES[wish]).nothing()


def test_a_cart_of_a_merged_sign_in_still_loads() -> None:
    state = given(CART, *cart_with(), CLOSED["MERGED"]).state
    assert (state.status, state.merged_into) == ("MERGED", an_id("cart", 2))
