"""Carts as tests want them: with lines whose totals are right, an address and a payment method."""

from collections.abc import Sequence
from uuid import UUID

from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, LINE_ID, PRODUCT_ID, VARIANT_ID
from tests.kit.builders.product import TITLES
from tests.kit.given import context
from write_model.cart import decider as carts
from write_model.cart.commands import SelectPaymentMethod, SetShippingAddress
from write_model.cart.decider import CART, Cart, Offer
from write_model.cart.events import CartCreated, CartEvent
from write_model.kernel.address import Address

ADDRESS = Address(
    recipient="María Quishpe", line1="Av. Amazonas N24-03", city="Quito", country="EC", postal_code="170143"
)
METHOD = "pm_card_visa"


def offer(
    *,
    product_id: UUID = PRODUCT_ID,
    variant_id: UUID = VARIANT_ID,
    unit_price_minor: int = 2499,
    tax_category: str = "standard",
    currency: str = "USD",
    product_version: int = 3,
) -> Offer:
    """As the catalogue would word it for `product_on_sale`."""
    return Offer(
        product_id=product_id,
        variant_id=variant_id,
        sku=f"SKU-{str(variant_id)[:8]}",
        titles=TITLES,
        unit_price_minor=unit_price_minor,
        tax_category=tax_category,
        currency=currency,
        product_version=product_version,
    )


def cart_created(
    *,
    cart_id: UUID = CART_ID,
    customer_id: UUID | None = CUSTOMER_ID,
    session_id: UUID | None = None,
    market: str = "EC",
    currency: str = "USD",
) -> CartCreated:
    return CartCreated(
        cart_id=cart_id, market=market, currency=currency, customer_id=customer_id, session_id=session_id
    )


def cart_with(
    *lines: tuple[UUID, int, Offer], cart_id: UUID = CART_ID, customer_id: UUID | None = CUSTOMER_ID
) -> list[CartEvent]:
    """An active cart of that customer with these (line, quantity, offer)."""
    events: list[CartEvent] = [cart_created(cart_id=cart_id, customer_id=customer_id)]
    for line_id, quantity, offered in lines or ((LINE_ID, 2, offer()),):
        events += carts.add(folded(events), line_id, quantity, offered, context())
    return events


def ready_cart(
    *lines: tuple[UUID, int, Offer], cart_id: UUID = CART_ID, customer_id: UUID | None = CUSTOMER_ID
) -> list[CartEvent]:
    """A cart that can be ordered: lines, address, payment method."""
    events = cart_with(*lines, cart_id=cart_id, customer_id=customer_id)
    for wish in (
        SetShippingAddress(cart_id=cart_id, address=ADDRESS),
        SelectPaymentMethod(cart_id=cart_id, method=METHOD),
    ):
        events += CART.decide(wish, folded(events), context())
    return events


def folded(events: Sequence[CartEvent]) -> Cart:
    return CART.fold(CART.initial, events)
