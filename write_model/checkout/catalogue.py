"""What the catalogue says of a variant now: the words and the price that a cart or an order takes over."""

from collections.abc import Sequence
from uuid import UUID

from write_model.cart.decider import Line, Offer, OfferUnknown
from write_model.checkout.loaded import States, get, product_stream
from write_model.kernel.message import Context
from write_model.kernel.refused import Refused
from write_model.product.decider import Product
from write_model.product.state import PUBLISHED


class NotForSale(Refused):
    code = "checkout.not_for_sale"


def offer(states: States, product_id: UUID, variant_id: UUID, context: Context) -> Offer:
    """Raises OfferUnknown, NotForSale."""
    product = get(states, product_stream(product_id), Product)
    variant = product.variant(variant_id)
    if variant is None:
        raise OfferUnknown(variant=str(variant_id))
    if product.lifecycle != PUBLISHED:
        raise NotForSale(variants=[str(variant_id)])
    return Offer(
        product_id=product_id,
        variant_id=variant_id,
        sku=variant.sku,
        titles=product.titles or {},
        unit_price_minor=variant.price_at(context.now),
        tax_category=product.tax_category,
        currency=product.currency,
        product_version=product.version,
    )


def offers(states: States, lines: Sequence[Line], context: Context) -> list[Offer]:
    """One per line. Names every variant that is not for sale, and not the first one only."""
    gone = [
        str(line.variant_id)
        for line in lines
        if get(states, product_stream(line.product_id), Product).lifecycle != PUBLISHED
    ]
    if gone:
        raise NotForSale(variants=gone)
    return [offer(states, line.product_id, line.variant_id, context) for line in lines]
