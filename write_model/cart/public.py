"""What a cart's holder is answered: the whole priced cart. Outsiders learn nothing of a cart."""

from write_model.cart.state import Cart, Line
from write_model.kernel.totals import LineTotals, Totals, TraceEntry
from write_model.pricing.shipping import STANDARD


def answer(cart: Cart) -> dict[str, object]:
    """The body of a command's answer. The address is personal: it only says whether there is one."""
    amounts = {line.line_id: line for line in cart.totals.lines}
    return {
        "id": str(cart.cart_id),
        "status": cart.status,
        "market": cart.market,
        "currency": cart.currency,
        "customerId": None if cart.customer_id is None else str(cart.customer_id),
        "lines": [_line(line, amounts.get(str(line.line_id))) for line in cart.lines],
        "totals": totals(cart.totals),
        "hasShippingAddress": cart.address is not None,
        "deliveryOption": cart.delivery_option or STANDARD,
        "paymentMethod": cart.payment_method,
        "orderId": None if cart.order_id is None else str(cart.order_id),
    }


def totals(of: Totals) -> dict[str, object]:
    """Amounts in minor units with their trace."""
    return {
        "currency": of.currency,
        "subtotalMinor": of.subtotal_minor,
        "discountMinor": of.discount_minor,
        "taxMinor": of.tax_minor,
        "shippingMinor": of.shipping_minor,
        "totalMinor": of.total_minor,
        "trace": [_entry(entry) for entry in of.trace],
    }


def _line(line: Line, amounts: LineTotals | None) -> dict[str, object]:
    body: dict[str, object] = {
        "id": str(line.line_id),
        "productId": str(line.product_id),
        "variantId": str(line.variant_id),
        "sku": line.sku,
        "titles": dict(line.titles),
        "quantity": line.quantity,
        "unitPriceMinor": line.unit_price_minor,
    }
    if amounts is not None:
        body |= {
            "subtotalMinor": amounts.subtotal_minor,
            "discountMinor": amounts.discount_minor,
            "taxMinor": amounts.tax_minor,
            "taxIncluded": amounts.tax_included,
            "totalMinor": amounts.total_minor,
        }
    return body


def _entry(entry: TraceEntry) -> dict[str, object]:
    return {
        "rule": entry.rule,
        "version": entry.version,
        "amountMinor": entry.amount_minor,
        "lineId": entry.line_id,
    }
