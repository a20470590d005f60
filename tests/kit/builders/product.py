"""Products as tests want them: complete and valid, and different where the test says so."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from tests.kit.builders.ids import PRODUCT_ID, VARIANT_ID
from write_model.product.commands import CreateProduct
from write_model.product.events import PriceChanged, ProductCreated, ProductEvent, ProductPublished, VariantAdded
from write_model.product.rules import slug

TITLES: Mapping[str, str] = {"es": "Sombrero de paja toquilla", "en": "Toquilla straw hat"}
DESCRIPTIONS: Mapping[str, str] = {"es": "Tejido a mano en Montecristi.", "en": "Woven by hand in Montecristi."}


def create_product(
    *,
    product_id: UUID = PRODUCT_ID,
    titles: Mapping[str, str] = TITLES,
    descriptions: Mapping[str, str] = DESCRIPTIONS,
    category: str = "sombreros",
    tax_category: str = "standard",
    currency: str = "USD",
) -> CreateProduct:
    return CreateProduct(
        product_id=product_id,
        titles=titles,
        descriptions=descriptions,
        category=category,
        tax_category=tax_category,
        currency=currency,
    )


def product_created(
    *,
    product_id: UUID = PRODUCT_ID,
    titles: Mapping[str, str] = TITLES,
    tax_category: str = "standard",
    currency: str = "USD",
) -> ProductCreated:
    return ProductCreated(
        product_id=product_id,
        slug=slug(titles, product_id),
        titles=titles,
        descriptions=DESCRIPTIONS,
        category="sombreros",
        tax_category=tax_category,
        currency=currency,
        images=(),
    )


def variant_added(
    *,
    product_id: UUID = PRODUCT_ID,
    variant_id: UUID = VARIANT_ID,
    sku: str = "HAT-M",
    attributes: Mapping[str, str] | None = None,
    price_minor: int = 2499,
) -> VariantAdded:
    return VariantAdded(
        product_id=product_id,
        variant_id=variant_id,
        sku=sku,
        attributes={"talla": "M"} if attributes is None else attributes,
        price_minor=price_minor,
    )


def price_changed(
    *,
    before_minor: int = 2499,
    after_minor: int,
    valid_from: datetime,
    product_id: UUID = PRODUCT_ID,
    variant_id: UUID = VARIANT_ID,
) -> PriceChanged:
    return PriceChanged(
        product_id=product_id,
        variant_id=variant_id,
        before_minor=before_minor,
        after_minor=after_minor,
        valid_from=valid_from,
    )


def product_on_sale(
    *,
    product_id: UUID = PRODUCT_ID,
    variant_id: UUID = VARIANT_ID,
    price_minor: int = 2499,
    tax_category: str = "standard",
    currency: str = "USD",
    titles: Mapping[str, str] = TITLES,
) -> list[ProductEvent]:
    """Created, with one variant, and published."""
    return [
        product_created(product_id=product_id, tax_category=tax_category, currency=currency, titles=titles),
        variant_added(
            product_id=product_id, variant_id=variant_id, price_minor=price_minor, sku=f"SKU-{str(variant_id)[:8]}"
        ),
        ProductPublished(product_id=product_id),
    ]
