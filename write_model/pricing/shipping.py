"""What delivery costs: one flat price per market and order."""

from dataclasses import dataclass

from write_model.pricing.markets import Market

STANDARD = "standard"
OPTIONS = (STANDARD,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipping:
    amount_minor: int
    rule: str  # "shipping.flat.<market>"
    version: int


def flat(market: Market) -> Shipping:
    """The market's price for an order of any size."""
    return Shipping(
        amount_minor=market.shipping_minor, rule=f"shipping.flat.{market.code}", version=market.shipping_version
    )
