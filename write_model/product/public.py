"""What outsiders may know of a product: nothing of a draft, then that it changed and in which way."""

from collections.abc import Mapping
from typing import assert_never

from write_model.kernel.change import PUBLIC, STAFF, Change
from write_model.kernel.message import Envelope
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
from write_model.product.state import Product

CHANGED = "product:changed"


def publish(
    seen: Mapping[str, object] | None, envelope: Envelope[ProductEvent]
) -> tuple[Mapping[str, object], Change | None]:
    """Seen is whether the product has been published: a draft's changes are for staff."""
    event = envelope.event
    published = bool(seen and seen.get("published")) or isinstance(event, ProductPublished)
    what = _what(event)
    if what is None:
        return {"published": published}, None
    change = Change(
        type=CHANGED,
        channel=f"product:{event.product_id}",
        audience=PUBLIC if published else STAFF,
        payload={"productId": str(event.product_id), **what},
    )
    return {"published": published}, change


def _what(event: ProductEvent) -> dict[str, object] | None:
    match event:
        case ProductCreated():
            return {"change": "created", "slug": event.slug}
        case VariantAdded():
            return {"change": "variant_added", "variantId": str(event.variant_id), "priceMinor": event.price_minor}
        case PriceChanged():
            return {
                "change": "price",
                "variantId": str(event.variant_id),
                "beforeMinor": event.before_minor,
                "priceMinor": event.after_minor,
                "validFrom": event.valid_from.isoformat(),
            }
        case ProductUpdated():
            return {"change": "updated"}
        case ProductPublished():
            return {"change": "published"}
        case ProductArchived():
            return {"change": "archived"}
        case ProductDeleted():
            return {"change": "deleted"}
        case ProductAdopted():
            return None
        case _:
            assert_never(event)


def answer(product: Product) -> dict[str, object]:
    """The body of a command's answer."""
    return {
        "id": str(product.product_id),
        "status": product.lifecycle,
        "slug": product.slug,
        "variants": [
            {"id": str(variant.variant_id), "sku": variant.sku, "attributes": dict(variant.attributes)}
            for variant in product.variants
        ],
    }
