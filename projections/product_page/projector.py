"""Keeps a product's page, from the product's own events and the reviews of it."""

from collections.abc import Mapping, Sequence
from typing import assert_never

from msgspec.structs import replace

from infra.ports import Copy
from projections.product_page.view import SOURCE, Adopted, Image, Price, ProductPage, Rating, Variant
from projections.running.copying import document_copy
from projections.running.projection import HOUR, Projection, rfc3339
from write_model.kernel.message import Envelope
from write_model.product.events import Image as EventImage
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
from write_model.review.events import ReviewAdopted

Heard = ProductEvent | ReviewAdopted

HANDLES = (
    ProductCreated,
    VariantAdded,
    PriceChanged,
    ProductUpdated,
    ProductPublished,
    ProductArchived,
    ProductDeleted,
    ProductAdopted,
    ReviewAdopted,
)
LANGUAGE = "es"  # whose title sorts


def key(envelope: Envelope[Heard]) -> Sequence[str]:
    event = envelope.event
    if isinstance(event, ReviewAdopted):
        return [str(product_id) for product_id in dict.fromkeys(event.product_ids)]
    return (str(event.product_id),)


def project(page: ProductPage | None, envelope: Envelope[Heard], key: str) -> ProductPage | None:
    event = envelope.event
    if isinstance(event, ProductCreated):
        return _created(envelope, event)
    if isinstance(event, ProductAdopted):
        return _adopted(envelope, event)
    if page is None:
        return None  # about a product that was deleted
    if isinstance(event, ReviewAdopted):
        return replace(page, rating=Rating(sum=page.rating.sum + event.score, count=page.rating.count + 1))
    changed = _changed(page, envelope, event)
    if changed is None:
        return None
    return replace(changed, version=envelope.version, updated_at=rfc3339(envelope.effective_at))


def _changed(
    page: ProductPage,
    envelope: Envelope[Heard],
    event: VariantAdded | PriceChanged | ProductUpdated | ProductPublished | ProductArchived | ProductDeleted,
) -> ProductPage | None:
    match event:
        case VariantAdded():
            return replace(page, variants=(*page.variants, _variant(event)))
        case PriceChanged():
            return replace(page, variants=tuple(_priced(variant, envelope, event) for variant in page.variants))
        case ProductUpdated():
            return _updated(page, event)
        case ProductPublished():
            return replace(page, status="PUBLISHED")
        case ProductArchived():
            return replace(page, status="ARCHIVED")
        case ProductDeleted():
            return None
        case _:
            assert_never(event)


def _created(envelope: Envelope[Heard], event: ProductCreated) -> ProductPage:
    at = rfc3339(envelope.effective_at)
    return ProductPage(
        id=str(event.product_id),
        status="DRAFT",
        version=envelope.version,
        slug=event.slug,
        titles=event.titles,
        descriptions=event.descriptions,
        category=event.category,
        tax_category=event.tax_category,
        currency=event.currency,
        images=_images(event.images),
        created_at=at,
        updated_at=at,
    )


def _adopted(envelope: Envelope[Heard], event: ProductAdopted) -> ProductPage:
    at = rfc3339(envelope.effective_at)
    told = {name: getattr(event, name) for name in Adopted.__struct_fields__}
    return ProductPage(
        id=str(event.product_id),
        status="ADOPTED",
        version=envelope.version,
        category=event.category,
        adopted=Adopted(**told),
        created_at=at,
        updated_at=at,
    )


def _images(images: Sequence[EventImage]) -> tuple[Image, ...]:
    return tuple(Image(url=image.url, alt=image.alt) for image in images)


def _variant(event: VariantAdded) -> Variant:
    return Variant(
        id=str(event.variant_id),
        sku=event.sku,
        attributes=event.attributes,
        price_minor=event.price_minor,
        prices=(Price(valid_from=None, price_minor=event.price_minor),),
    )


def _priced(variant: Variant, envelope: Envelope[Heard], event: PriceChanged) -> Variant:
    if variant.id != str(event.variant_id):
        return variant
    price = Price(valid_from=rfc3339(event.valid_from), price_minor=event.after_minor)
    with_price = replace(variant, prices=(*variant.prices, price))
    return replace(with_price, price_minor=with_price.price_at(rfc3339(envelope.effective_at)))


def _updated(page: ProductPage, event: ProductUpdated) -> ProductPage:
    return replace(
        page,
        titles=page.titles if event.titles is None else event.titles,
        descriptions=page.descriptions if event.descriptions is None else event.descriptions,
        category=page.category if event.category is None else event.category,
        images=page.images if event.images is None else _images(event.images),
    )


def columns(page: ProductPage) -> Mapping[str, object]:
    titles = [page.titles[language] for language in sorted(page.titles)]  # SQL gives objects back in another order
    return {
        "slug": page.slug,
        "title": page.titles.get(LANGUAGE) or next(iter(titles), page.id),
        "searched": " ".join(titles),
        "category": page.category,
        "price_minor": min((variant.price_minor for variant in page.variants), default=None),
        "currency": page.currency,
        "status": page.status,
        "created_at": page.created_at,
    }


def copies(page: ProductPage | None, key: str, position: int) -> Sequence[Copy]:
    return (document_copy(f"product:cache:{key}", position, page, HOUR),)


PRODUCT_PAGE: Projection[ProductPage] = Projection(
    name="product_page",
    source=SOURCE,
    handles=HANDLES,
    key=key,
    project=project,
    columns=columns,
    copies=copies,
    indexes=((("slug", 1),),),
)
