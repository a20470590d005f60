from tests.kit.builders.cart import METHOD, cart_created, offer, ready_cart
from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, LINE_ID, PRODUCT_ID, VARIANT_ID, an_id
from tests.kit.builders.product import TITLES
from tests.kit.given import given
from write_model.cart.decider import CART
from write_model.cart.events import CartConverted
from write_model.cart.public import answer

LINE = {
    "id": str(LINE_ID),
    "productId": str(PRODUCT_ID),
    "variantId": str(VARIANT_ID),
    "sku": offer().sku,
    "titles": dict(TITLES),
    "quantity": 2,
    "unitPriceMinor": 2499,
    "subtotalMinor": 4998,
    "discountMinor": 0,
    "taxMinor": 652,
    "taxIncluded": True,
    "totalMinor": 4998,
}


def test_an_answer_is_the_whole_priced_cart() -> None:
    body = answer(given(CART, *ready_cart()).state)
    assert body == {
        "id": str(CART_ID),
        "status": "ACTIVE",
        "market": "EC",
        "currency": "USD",
        "customerId": str(CUSTOMER_ID),
        "lines": [LINE],
        "totals": {
            "currency": "USD",
            "subtotalMinor": 4998,
            "discountMinor": 0,
            "taxMinor": 652,
            "shippingMinor": 350,
            "totalMinor": 5348,
            "trace": [
                {"rule": "price.catalogue", "version": 3, "amountMinor": 4998, "lineId": str(LINE_ID)},
                {"rule": "tax.EC.standard", "version": 2, "amountMinor": 652, "lineId": str(LINE_ID)},
                {"rule": "shipping.flat.EC", "version": 1, "amountMinor": 350, "lineId": None},
            ],
        },
        "hasShippingAddress": True,
        "deliveryOption": "standard",
        "paymentMethod": METHOD,
        "orderId": None,
    }


def test_an_answer_tells_nothing_personal() -> None:
    assert "Quishpe" not in str(answer(given(CART, *ready_cart()).state))


def test_an_anonymous_empty_cart_has_an_answer_as_well() -> None:
    body = answer(given(CART, cart_created(customer_id=None, session_id=an_id("session"))).state)
    assert (body["customerId"], body["lines"], body["hasShippingAddress"]) == (None, [], False)


def test_an_ordered_cart_names_its_order() -> None:
    ordered = CartConverted(cart_id=CART_ID, order_id=an_id("order"))
    assert answer(given(CART, *ready_cart(), ordered).state)["orderId"] == str(an_id("order"))
