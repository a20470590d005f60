"""What may stand in the body of a request? Strict: wrong JSON types and unknown fields are refused.

Prices in a cart or order, totals, owners and states are never taken from a client, so no body has a field for them.
"""

from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain the character U+0000")
    return text


Text = Annotated[str, Field(max_length=20_000), AfterValidator(_without_nul)]
Words = Annotated[dict[Annotated[str, Field(max_length=100)], Text], Field(max_length=50)]
PersonalText = Annotated[Text, Field(json_schema_extra={"writeOnly": True})]


class Body(BaseModel):
    """A strict body with camel-case names."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True
    )


B = TypeVar("B", bound=Body)


class Nothing(Body):
    """No fields: an empty body will do."""


class NewImage(Body):
    url: Text
    alt: Words = Field(examples=[{"es": "Gorra roja", "en": "Red cap"}])


class NewProduct(Body):
    titles: Words = Field(examples=[{"es": "Gorra roja", "en": "Red cap"}])
    descriptions: Words = Field(examples=[{"es": "De algodón.", "en": "Made of cotton."}])
    category: Text = Field(examples=["caps"])
    tax_category: Text = Field(examples=["standard"])
    currency: Text = Field(examples=["USD"])
    images: Annotated[list[NewImage], Field(max_length=50)] = Field(default_factory=list)


class ProductChanges(Body):
    """What is left out stays as it is."""

    titles: Words | None = None
    descriptions: Words | None = None
    category: Text | None = None
    images: Annotated[list[NewImage], Field(max_length=50)] | None = None


class NewVariant(Body):
    sku: Text = Field(examples=["CAP-RED-M"])
    attributes: Words = Field(default_factory=dict, examples=[{"size": "M"}])
    price_minor: int = Field(examples=[2499], description="Minor units of the product's currency")


class NewPrice(Body):
    variant_id: UUID
    price_minor: int = Field(examples=[2299])
    valid_from: AwareDatetime | None = None


class Reason(Body):
    reason: Text = Field(examples=["no longer made"])


class Units(Body):
    quantity: int = Field(examples=[10])
    reason: Text = Field(examples=["delivery 4711"])


class NewCart(Body):
    market: Text = Field(default="EC", examples=["EC"])


class NewItem(Body):
    variant_id: UUID
    quantity: int = Field(examples=[2])


class Quantity(Body):
    quantity: int = Field(examples=[3])


class ShippingAddress(Body):
    recipient: PersonalText
    line1: PersonalText
    line2: PersonalText | None = None
    city: PersonalText
    region: PersonalText | None = None
    postal_code: PersonalText | None = None
    country: Text = Field(examples=["EC"], description="ISO 3166-1 alpha-2")
    phone: PersonalText | None = None


class DeliveryOption(Body):
    option: Text = Field(examples=["standard"])


class PaymentMethod(Body):
    payment_method: Text = Field(examples=["pm_card_visa"], description="The payment provider's id of the method")


class NewOrder(Body):
    cart_id: UUID
    locale: Text | None = Field(default=None, examples=["es-EC"])


class Cancellation(Body):
    reason: Text = Field(examples=["ordered by mistake"])


class NewRefund(Body):
    reason: Text = Field(examples=["damaged"])
    amount_minor: int | None = Field(default=None, examples=[500], description="Left out: all that is left")


class Capture(Body):
    amount_minor: int | None = Field(default=None, examples=[3412], description="Left out: all that is authorised")


class NewCustomer(Body):
    email: PersonalText = Field(examples=["ana@example.com"])
    password: SecretStr = Field(examples=["correct horse battery"])
    name: PersonalText = Field(examples=["Ana Pérez"])
    locale: Text = Field(default="es", examples=["es-EC"])


class Profile(Body):
    """What is left out stays as it is."""

    name: PersonalText | None = None
    locale: Text | None = None


class Credentials(Body):
    email: PersonalText = Field(examples=["ana@example.com"])
    password: SecretStr = Field(examples=["correct horse battery"])
