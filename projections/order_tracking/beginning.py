"""What does an order's document hold when it begins: placed here, or adopted from another system?"""

from msgspec.structs import replace

from projections.order_tracking.view import Line, OrderTotals, OrderTracking, Origin, Seller, ShippingAddress
from projections.running.projection import rfc3339
from write_model.kernel.address import Address
from write_model.kernel.message import Envelope, Event
from write_model.kernel.totals import LineTotals
from write_model.order.events import ItemAdopted, OrderAdopted, OrderLine, OrderPlaced

NONE = "NONE"


def placed(envelope: Envelope[Event], event: OrderPlaced) -> OrderTracking:
    totals, amounts = event.totals, {line.line_id: line for line in event.totals.lines}
    return OrderTracking(
        id=str(event.order_id),
        number=event.number,
        customer_id=str(event.customer_id),
        cart_id=str(event.cart_id),
        payment_id=str(event.payment_id),
        market=event.market,
        locale=event.locale,
        status="PLACED",
        lifecycle="PENDING",
        payment_status=NONE,
        fulfillment_status="UNFULFILLED",
        currency=totals.currency,
        lines=tuple(_line(line, amounts.get(str(line.line_id))) for line in event.lines),
        totals=OrderTotals(
            currency=totals.currency,
            subtotal_minor=totals.subtotal_minor,
            discount_minor=totals.discount_minor,
            tax_minor=totals.tax_minor,
            shipping_minor=totals.shipping_minor,
            total_minor=totals.total_minor,
        ),
        delivery_option=event.delivery_option,
        address=_address(event.address),
        contact_email=event.contact_email,
        contact_name=event.contact_name,
        placed_at=rfc3339(envelope.effective_at),
        reserved_until=rfc3339(event.reserved_until),
    )


def _line(line: OrderLine, amounts: LineTotals | None) -> Line:
    subtotal = line.unit_price_minor * line.quantity
    return Line(
        id=str(line.line_id),
        product_id=str(line.product_id),
        variant_id=str(line.variant_id),
        sku=line.sku,
        titles=line.titles,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        subtotal_minor=amounts.subtotal_minor if amounts else subtotal,
        discount_minor=amounts.discount_minor if amounts else 0,
        tax_minor=amounts.tax_minor if amounts else 0,
        tax_included=amounts.tax_included if amounts else False,
        total_minor=amounts.total_minor if amounts else subtotal,
    )


def _address(address: Address | None) -> ShippingAddress | None:
    if address is None:
        return None
    return ShippingAddress(**{name: getattr(address, name) for name in ShippingAddress.__struct_fields__})


def adopted(envelope: Envelope[Event], event: OrderAdopted) -> OrderTracking:
    return OrderTracking(
        id=str(event.order_id),
        number=event.number,
        customer_id=str(event.customer_id),
        status="",
        lifecycle=NONE,
        payment_status=NONE,
        fulfillment_status="UNFULFILLED",
        currency=event.currency,
        totals=OrderTotals(currency=event.currency),
        placed_at=rfc3339(envelope.effective_at),
        origin=Origin(
            order_id=event.origin_order_id,
            customer_id=event.origin_customer_id,
            status=event.origin_status,
            purchased_at=event.purchased_at,
            approved_at=event.approved_at,
            handed_to_carrier_at=event.handed_to_carrier_at,
            delivered_at=event.delivered_at,
            estimated_delivery_on=event.estimated_delivery_on,
        ),
    )


def with_item(order: OrderTracking, event: ItemAdopted) -> OrderTracking:
    """One more line of an adopted order, its freight beside its price."""
    seller = event.seller
    line = Line(
        id=str(event.line),
        product_id=str(event.product_id),
        unit_price_minor=event.price_minor,
        subtotal_minor=event.price_minor,
        freight_minor=event.freight_minor,
        total_minor=event.price_minor + event.freight_minor,
        seller=Seller(
            origin_id=seller.origin_id,
            zip_code_prefix=seller.zip_code_prefix,
            city=seller.city,
            state=seller.state,
        ),
        shipping_limit=event.shipping_limit,
    )
    totals = order.totals
    return replace(
        order,
        lines=(*order.lines, line),
        totals=replace(
            totals,
            subtotal_minor=totals.subtotal_minor + event.price_minor,
            shipping_minor=totals.shipping_minor + event.freight_minor,
            total_minor=totals.total_minor + line.total_minor,
        ),
    )
