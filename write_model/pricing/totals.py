"""What a cart or order comes to, and why: price × quantity, then discounts, then tax, each rounded per line."""

from collections.abc import Sequence
from dataclasses import dataclass

from write_model.kernel.totals import LineTotals, Totals, TraceEntry
from write_model.pricing.discounts import Discount, spread
from write_model.pricing.shipping import Shipping
from write_model.pricing.taxes import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """One line before arithmetic."""

    line_id: str
    unit_price_minor: int
    quantity: int
    rate: Rate
    price_version: int  # of the product that says the price


def price(
    lines: Sequence[PricedLine], currency: str, *, shipping: Shipping | None = None, discounts: Sequence[Discount] = ()
) -> Totals:
    """The totals in minor units of `currency`, with their trace. Discounts apply in the order given, before tax.

    Shipping is added once and carries no tax; without lines nothing is shipped.
    """
    ids = [line.line_id for line in lines]
    subtotals = [line.unit_price_minor * line.quantity for line in lines]
    trace = [
        TraceEntry(rule="price.catalogue", version=line.price_version, amount_minor=subtotal, line_id=line.line_id)
        for line, subtotal in zip(lines, subtotals, strict=True)
    ]
    left = list(subtotals)
    for discount in discounts:
        parts = spread(discount, ids, left)
        left = [rest - part for rest, part in zip(left, parts, strict=True)]
        trace += [
            TraceEntry(rule=discount.rule, version=discount.version, amount_minor=-part, line_id=line_id)
            for line_id, part in zip(ids, parts, strict=True)
            if part
        ]
    priced = [_line(*row) for row in zip(lines, subtotals, left, strict=True)]
    trace += [
        TraceEntry(rule=line.rate.rule, version=line.rate.version, amount_minor=totals.tax_minor, line_id=line.line_id)
        for line, totals in zip(lines, priced, strict=True)
    ]
    if shipping and lines:
        trace.append(TraceEntry(rule=shipping.rule, version=shipping.version, amount_minor=shipping.amount_minor))
    return _sum(priced, currency, shipping.amount_minor if shipping and lines else 0, trace)


def nothing(currency: str) -> Totals:
    """The totals of an empty cart."""
    return _sum([], currency, 0, [])


def _line(line: PricedLine, subtotal: int, net: int) -> LineTotals:
    tax = line.rate.of(net)
    return LineTotals(
        line_id=line.line_id,
        subtotal_minor=subtotal,
        discount_minor=subtotal - net,
        tax_minor=tax,
        tax_included=line.rate.included,
        tax_rule=line.rate.rule,
        total_minor=net if line.rate.included else net + tax,
    )


def _sum(lines: Sequence[LineTotals], currency: str, shipping_minor: int, trace: Sequence[TraceEntry]) -> Totals:
    return Totals(
        currency=currency,
        subtotal_minor=sum(line.subtotal_minor for line in lines),
        discount_minor=sum(line.discount_minor for line in lines),
        tax_minor=sum(line.tax_minor for line in lines),
        shipping_minor=shipping_minor,
        total_minor=sum(line.total_minor for line in lines) + shipping_minor,
        lines=tuple(lines),
        trace=tuple(trace),
    )
