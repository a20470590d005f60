"""How much less: each discount is spread over lines in whole minor units, and never takes a line below zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from write_model.kernel.money import allocate, round_half_even

WHOLE = 10_000  # basis points


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentOff:
    """Of one line, or (no line) of all of them together."""

    rule: str
    version: int
    basis_points: int  # 1 to 10,000
    line_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountOff:
    """A fixed amount of one line, or (no line) of all of them together."""

    rule: str
    version: int
    amount_minor: int
    line_id: str | None = None


Discount = PercentOff | AmountOff


def spread(discount: Discount, line_ids: Sequence[str], left_minor: Sequence[int]) -> list[int]:
    """What the discount takes of each line, of what earlier discounts have left. Largest remainder, earlier line first.

    Raises ValueError for a discount that is negative or above the whole.
    """
    weights = [
        left if discount.line_id in (None, line_id) else 0 for line_id, left in zip(line_ids, left_minor, strict=True)
    ]
    there = sum(weights)
    amount = min(_wanted(discount, there), there)
    return allocate(amount, weights) if amount else [0] * len(weights)


def _wanted(discount: Discount, of_minor: int) -> int:
    if isinstance(discount, AmountOff):
        if discount.amount_minor < 0:
            raise ValueError("a discount is never negative")
        return discount.amount_minor
    if not 0 <= discount.basis_points <= WHOLE:
        raise ValueError("a percentage is between 0 and the whole")
    return round_half_even(Fraction(of_minor * discount.basis_points, WHOLE))
