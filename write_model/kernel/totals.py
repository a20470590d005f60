"""The result of pricing, as carts and orders carry it. Value types only: the arithmetic is in `pricing`.

Stored inside events: a change to a field needs new versions of the events that carry it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEntry:
    """Why an amount is what it is: which rule, in which version, gave how much, on which line (None: the whole)."""

    rule: str  # "tax.EC.standard", "shipping.flat.EC", "price.catalogue"
    version: int
    amount_minor: int
    line_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTotals:
    """One line, each amount rounded on the line (HALF_EVEN) and never per unit."""

    line_id: str
    subtotal_minor: int  # unit price × quantity
    discount_minor: int
    tax_minor: int
    tax_included: bool  # then the tax is part of the subtotal and is not added again
    tax_rule: str
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All amounts in minor units of one currency. total = subtotal − discount + tax not included + shipping."""

    currency: str
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    shipping_minor: int
    total_minor: int
    lines: tuple[LineTotals, ...]
    trace: tuple[TraceEntry, ...]
