"""What may be asked of a product. A variant is added by `checkout`, together with its stock item."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from write_model.kernel.message import Command
from write_model.product.events import Image as Image


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateProduct(Command):
    product_id: UUID
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    category: str
    tax_category: str
    currency: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePrice(Command):
    product_id: UUID
    variant_id: UUID
    price_minor: int
    valid_from: datetime | None = None  # None: now


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateProduct(Command):
    """None leaves a field as it is."""

    product_id: UUID
    titles: Mapping[str, str] | None = None
    descriptions: Mapping[str, str] | None = None
    category: str | None = None
    images: tuple[Image, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishProduct(Command):
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveProduct(Command):
    product_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteProduct(Command):
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptProduct(Command):
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


ProductCommand = (
    CreateProduct | ChangePrice | UpdateProduct | PublishProduct | ArchiveProduct | DeleteProduct | AdoptProduct
)
