"""Integer minor units with a currency; the only two places where a fraction of a cent is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of an ISO 4217 currency."""

    minor: int
    currency: str


def round_half_even(amount: Fraction) -> int:
    """The nearest integer, ties to the even one (IEEE 754 roundTiesToEven; the rule of DOMAIN 2.2)."""
    return round(amount)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` minor units by weight so that the parts add up to it: largest remainder, earlier line first.

    Raises ValueError when a weight is negative; weights that are all zero share equally.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights are never negative")
    if not weights:
        return []
    shares = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(shares)
    parts = [total * share // whole for share in shares]
    remainders = [total * share % whole for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda line: (-remainders[line], line))
    for line in by_remainder[: total - sum(parts)]:
        parts[line] += 1
    return parts
