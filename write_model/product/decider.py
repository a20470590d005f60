"""One product with its variants and their prices: a draft, then on sale, then archived; a draft can be deleted.

Only what was published can be sold. So a product that was never published was never sold, and its own stream knows
that: this is the product that may really go. Everything else is archived, and old orders stay readable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import assert_never
from uuid import UUID

from write_model.kernel.decider import Decider
from write_model.kernel.message import Context
from write_model.kernel.refused import Kind, Refused
from write_model.product import rules
from write_model.product.commands import (
    AdoptProduct,
    ArchiveProduct,
    ChangePrice,
    CreateProduct,
    DeleteProduct,
    ProductCommand,
    PublishProduct,
    UpdateProduct,
)
from write_model.product.events import (
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
from write_model.product.state import ADOPTED, ARCHIVED, DELETED, DRAFT, NONE, PUBLISHED, evolve, updated
from write_model.product.state import Product as Product


class AlreadyThere(Refused):
    code = "product.already_there"


class Unknown(Refused):
    code = "product.unknown"
    kind = Kind.MISSING


class WrongState(Refused):
    code = "product.wrong_state"


class WasOnSale(Refused):
    code = "product.was_on_sale"


class VariantMissing(Refused):
    code = "product.variant_missing"


class VariantUnknown(Refused):
    code = "product.variant_unknown"
    kind = Kind.MISSING


class VariantDiffers(Refused):
    code = "product.variant_differs"


class SkuTaken(Refused):
    code = "product.sku_taken"


class PriceInThePast(Refused):
    code = "product.price_in_the_past"
    kind = Kind.INVALID


def decide(command: ProductCommand, product: Product, context: Context) -> Sequence[ProductEvent]:
    match command:
        case CreateProduct():
            return create(command, product)
        case ChangePrice():
            return change_price(command, there(product), context)
        case UpdateProduct():
            return update(command, there(product))
        case PublishProduct():
            return publish(command, there(product))
        case ArchiveProduct():
            return archive(command, there(product))
        case DeleteProduct():
            return delete(command, product)
        case AdoptProduct():
            return adopt(command, product)
        case _:
            assert_never(command)


def create(command: CreateProduct, product: Product) -> Sequence[ProductEvent]:
    rules.check_titles(command.titles)
    rules.check_descriptions(command.descriptions)
    rules.check_category(command.category)
    rules.check_tax_category(command.tax_category)
    rules.check_currency(command.currency)
    rules.check_images(command.images)
    created = ProductCreated(
        product_id=command.product_id,
        slug=rules.slug(command.titles, command.product_id),
        titles=command.titles,
        descriptions=command.descriptions,
        category=command.category,
        tax_category=command.tax_category,
        currency=command.currency,
        images=command.images,
    )
    if product.lifecycle == NONE:
        return [created]
    if product == replace(evolve(Product(), created), version=product.version):
        return []  # asked twice, and nothing has happened since
    raise AlreadyThere(state=product.lifecycle)


def add_variant(
    product: Product, variant_id: UUID, sku: str, attributes: Mapping[str, str], price_minor: int
) -> Sequence[VariantAdded]:
    """Part of `checkout.AddVariant`, which opens its stock as well."""
    present = there(product)
    _in_state(present, DRAFT, PUBLISHED)
    rules.check_variant(sku, attributes)
    rules.check_price(price_minor)
    known = present.variant(variant_id)
    if known is not None:
        if (known.sku, known.attributes, known.prices[0].minor) == (sku, attributes, price_minor):
            return []
        raise VariantDiffers(variant=str(variant_id))
    if any(variant.sku == sku for variant in present.variants):
        raise SkuTaken(sku=sku)
    rules.check_variant_count(len(present.variants) + 1)
    added = VariantAdded(
        product_id=_id(present), variant_id=variant_id, sku=sku, attributes=attributes, price_minor=price_minor
    )
    return [added]


def change_price(command: ChangePrice, product: Product, context: Context) -> Sequence[ProductEvent]:
    _in_state(product, DRAFT, PUBLISHED)
    rules.check_price(command.price_minor)
    variant = product.variant(command.variant_id)
    if variant is None:
        raise VariantUnknown(variant=str(command.variant_id))
    valid_from = command.valid_from or context.now
    before = variant.price_at(valid_from)
    if before == command.price_minor:
        return []
    if valid_from < context.now:
        raise PriceInThePast(validFrom=valid_from.isoformat())
    return [
        PriceChanged(
            product_id=_id(product),
            variant_id=variant.variant_id,
            before_minor=before,
            after_minor=command.price_minor,
            valid_from=valid_from,
        )
    ]


def update(command: UpdateProduct, product: Product) -> Sequence[ProductEvent]:
    _in_state(product, DRAFT, PUBLISHED)
    if command.titles is not None:
        rules.check_titles(command.titles)
    if command.descriptions is not None:
        rules.check_descriptions(command.descriptions)
    if command.category is not None:
        rules.check_category(command.category)
    if command.images is not None:
        rules.check_images(command.images)
    change = ProductUpdated(
        product_id=_id(product),
        titles=command.titles if command.titles != product.titles else None,
        descriptions=command.descriptions if command.descriptions != product.descriptions else None,
        category=command.category if command.category != product.category else None,
        images=command.images if command.images != product.images else None,
    )
    return [] if updated(product, change) == product else [change]


def publish(command: PublishProduct, product: Product) -> Sequence[ProductEvent]:
    _in_state(product, DRAFT, PUBLISHED)
    if product.lifecycle == PUBLISHED:
        return []
    if not product.variants:
        raise VariantMissing
    return [ProductPublished(product_id=command.product_id)]


def archive(command: ArchiveProduct, product: Product) -> Sequence[ProductEvent]:
    _in_state(product, DRAFT, PUBLISHED, ARCHIVED)
    rules.check_text("reason", command.reason, rules.REASON)
    if product.lifecycle == ARCHIVED:
        return []
    return [ProductArchived(product_id=command.product_id, reason=command.reason)]


def delete(command: DeleteProduct, product: Product) -> Sequence[ProductEvent]:
    if product.lifecycle == DELETED:
        return []
    _in_state(there(product), DRAFT, PUBLISHED, ARCHIVED)
    if product.was_published:
        raise WasOnSale
    return [ProductDeleted(product_id=command.product_id)]


def adopt(command: AdoptProduct, product: Product) -> Sequence[ProductEvent]:
    """As another system describes it, without our rules."""
    if product.lifecycle == ADOPTED:
        return []
    if product.lifecycle != NONE:
        raise AlreadyThere(state=product.lifecycle)
    return [
        ProductAdopted(
            product_id=command.product_id,
            origin_id=command.origin_id,
            category=command.category,
            category_english=command.category_english,
            name_length=command.name_length,
            description_length=command.description_length,
            photos=command.photos,
            weight_g=command.weight_g,
            length_cm=command.length_cm,
            height_cm=command.height_cm,
            width_cm=command.width_cm,
        )
    ]


def there(product: Product) -> Product:
    """Turns down what needs a product."""
    if product.lifecycle in (NONE, DELETED):
        raise Unknown
    return product


def _in_state(product: Product, *allowed: str) -> None:
    if product.lifecycle not in allowed:
        raise WrongState(state=product.lifecycle, allowed=list(allowed))


def _id(product: Product) -> UUID:
    if product.product_id is None:
        raise Unknown
    return product.product_id


PRODUCT: Decider[ProductCommand, ProductEvent, Product] = Decider("product", Product(), evolve, decide)
