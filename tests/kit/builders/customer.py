"""Customers as tests want them."""

from uuid import UUID

from tests.kit.builders.ids import CUSTOMER_ID
from write_model.customer.events import CustomerRegistered


def customer_registered(
    *,
    customer_id: UUID = CUSTOMER_ID,
    email: str | None = "maria@example.com",
    name: str | None = "María Quishpe",
    locale: str = "es",
) -> CustomerRegistered:
    return CustomerRegistered(
        customer_id=customer_id, email=email, name=name, email_hmac=f"hmac-of-{customer_id}", locale=locale
    )
