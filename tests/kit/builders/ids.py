"""Ids that tests can tell apart: one per kind of thing and number."""

from uuid import UUID, uuid5

TESTS = UUID("00000000-0000-5000-8000-000000000000")


def an_id(kind: str, number: int = 1) -> UUID:
    """Always the same id for the same kind and number."""
    return uuid5(TESTS, f"{kind}/{number}")


PRODUCT_ID, VARIANT_ID = an_id("product"), an_id("variant")
CUSTOMER_ID, CART_ID, LINE_ID = an_id("customer"), an_id("cart"), an_id("line")
ORDER_ID, PAYMENT_ID = an_id("order"), an_id("payment")
