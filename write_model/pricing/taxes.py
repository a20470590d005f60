"""Which tax a line carries: by the region, the product's tax category and the market's day.

A new rate is a new row with the next version: rows are never edited, so that an old total can always be explained.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from write_model.kernel.money import round_half_even

WHOLE = 10_000  # basis points


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    region: str
    category: str
    basis_points: int
    included: bool  # the price on the shelf contains it
    rule: str  # "tax.<region>.<category>"
    version: int
    valid_from: date = date.min

    def of(self, amount_minor: int) -> int:
        """The tax on a line's amount after discounts (HALF_EVEN): contained in it, or on top of it."""
        whole = WHOLE + self.basis_points if self.included else WHOLE
        return round_half_even(Fraction(amount_minor * self.basis_points, whole))


def _row(region: str, category: str, version: int, valid_from: date, basis_points: int) -> Rate:
    """Both markets write the final price on the shelf, as their consumer laws ask."""
    return Rate(
        region=region,
        category=category,
        basis_points=basis_points,
        included=True,
        rule=f"tax.{region}.{category}",
        version=version,
        valid_from=valid_from,
    )


RATES: tuple[Rate, ...] = (
    _row("EC", "standard", 1, date.min, 1200),
    _row("EC", "standard", 2, date(2024, 4, 1), 1500),
    _row("EC", "reduced", 1, date.min, 500),
    _row("EC", "zero", 1, date.min, 0),
    _row("BR", "standard", 1, date.min, 1800),
    _row("BR", "reduced", 1, date.min, 700),
    _row("BR", "zero", 1, date.min, 0),
)
CATEGORIES = frozenset(row.category for row in RATES)


def rate(region: str, category: str, day: date) -> Rate:
    """The rate of that day. Raises KeyError for a region or category without a table."""
    rows = [row for row in RATES if (row.region, row.category) == (region, category) and row.valid_from <= day]
    if not rows:
        raise KeyError((region, category))
    return max(rows, key=lambda row: row.valid_from)
