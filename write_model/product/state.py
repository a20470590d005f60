"""What decisions about a product need to know, as its events tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from write_model.product.events import (
    Image,
    PriceChanged,
    ProductAdopted,
    ProductArchived,
    ProductCreated,
    ProductDeleted,
    ProductEvent,
    ProductPublished,
    ProductUpdated,
    VariantAdded,
)

NONE, DRAFT, PUBLISHED, ARCHIVED, DELETED, ADOPTED = "NONE", "DRAFT", "PUBLISHED", "ARCHIVED", "DELETED", "ADOPTED"


@dataclass(frozen=True, slots=True)
class Price:
    minor: int
    valid_from: datetime | None  # None: from the variant's first day


@dataclass(frozen=True, slots=True)
class Variant:
    variant_id: UUID
    sku: str
    attributes: Mapping[str, str]
    prices: tuple[Price, ...]  # in the order in which they were decided

    def price_at(self, moment: datetime) -> int:
        """The price in minor units that applies then: the latest date that has come; on one date the latest word."""
        best = self.prices[0]
        for price in self.prices[1:]:
            starts, before = price.valid_from, best.valid_from
            if starts is not None and starts <= moment and (before is None or before <= starts):
                best = price
        return best.minor


@dataclass(frozen=True, slots=True)
class Product:
    product_id: UUID | None = None
    lifecycle: str = NONE
    version: int = 0  # of its stream
    slug: str = ""
    titles: Mapping[str, str] | None = None
    descriptions: Mapping[str, str] | None = None
    category: str = ""
    tax_category: str = ""
    currency: str = ""
    images: tuple[Image, ...] = ()
    variants: tuple[Variant, ...] = ()
    was_published: bool = False

    def variant(self, variant_id: UUID) -> Variant | None:
        return next((variant for variant in self.variants if variant.variant_id == variant_id), None)


def evolve(product: Product, event: ProductEvent) -> Product:
    return replace(_changed(product, event), version=product.version + 1)


def _changed(product: Product, event: ProductEvent) -> Product:
    match event:
        case ProductCreated():
            return Product(
                product_id=event.product_id,
                lifecycle=DRAFT,
                slug=event.slug,
                titles=event.titles,
                descriptions=event.descriptions,
                category=event.category,
                tax_category=event.tax_category,
                currency=event.currency,
                images=event.images,
            )
        case VariantAdded():
            first = (Price(event.price_minor, None),)
            variant = Variant(event.variant_id, event.sku, event.attributes, first)
            return replace(product, variants=(*product.variants, variant))
        case PriceChanged():
            return replace(product, variants=tuple(_priced(variant, event) for variant in product.variants))
        case ProductUpdated():
            return updated(product, event)
        case ProductPublished():
            return replace(product, lifecycle=PUBLISHED, was_published=True)
        case ProductArchived():
            return replace(product, lifecycle=ARCHIVED)
        case ProductDeleted():
            return replace(product, lifecycle=DELETED)
        case ProductAdopted():
            return Product(product_id=event.product_id, lifecycle=ADOPTED, category=event.category or "")
        case _:
            assert_never(event)


def _priced(variant: Variant, event: PriceChanged) -> Variant:
    if variant.variant_id != event.variant_id:
        return variant
    return replace(variant, prices=(*variant.prices, Price(event.after_minor, event.valid_from)))


def updated(product: Product, event: ProductUpdated) -> Product:
    return replace(
        product,
        titles=product.titles if event.titles is None else event.titles,
        descriptions=product.descriptions if event.descriptions is None else event.descriptions,
        category=product.category if event.category is None else event.category,
        images=product.images if event.images is None else event.images,
    )
