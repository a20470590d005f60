"""These classes are the storage format. A change to one needs a new version and an upcaster."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from write_model.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    url: str
    alt: Mapping[str, str]  # by language


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCreated(Event):
    product_id: UUID
    slug: str
    titles: Mapping[str, str]  # by language: "es", "en"
    descriptions: Mapping[str, str]
    category: str
    tax_category: str
    currency: str
    images: tuple[Image, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantAdded(Event):
    product_id: UUID
    variant_id: UUID
    sku: str
    attributes: Mapping[str, str]
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChanged(Event):
    product_id: UUID
    variant_id: UUID
    before_minor: int
    after_minor: int
    valid_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductUpdated(Event):
    """Only what changed is not None."""

    product_id: UUID
    titles: Mapping[str, str] | None
    descriptions: Mapping[str, str] | None
    category: str | None
    images: tuple[Image, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPublished(Event):
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductArchived(Event):
    product_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDeleted(Event):
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductAdopted(Event):
    """A product of another system, as that system describes it; None: it does not say."""

    product_id: UUID
    origin_id: str
    category: str | None
    category_english: str | None
    name_length: int | None
    description_length: int | None
    photos: int | None
    weight_g: int | None
    length_cm: int | None
    height_cm: int | None
    width_cm: int | None


ProductEvent = (
    ProductCreated
    | VariantAdded
    | PriceChanged
    | ProductUpdated
    | ProductPublished
    | ProductArchived
    | ProductDeleted
    | ProductAdopted
)
