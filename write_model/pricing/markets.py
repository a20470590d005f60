"""Where we sell: the currency, the days, the taxes and the flat shipping of each market."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    code: str
    currency: str  # ISO 4217
    exponent: int  # minor units of one major unit: 10 ** exponent
    zone: str  # IANA name: its days count
    region: str  # of the tax tables, and the country that is delivered to (ISO 3166-1 alpha-2)
    languages: tuple[str, ...]  # the first is the default
    shipping_minor: int  # flat, per order
    shipping_version: int

    @property
    def days(self) -> tzinfo:
        """The zone whose days count."""
        return ZoneInfo(self.zone)


ECUADOR = Market(
    code="EC",
    currency="USD",
    exponent=2,
    zone="America/Guayaquil",
    region="EC",
    languages=("es", "en"),
    shipping_minor=350,
    shipping_version=1,
)
BRAZIL = Market(
    code="BR",
    currency="BRL",
    exponent=2,
    zone="America/Sao_Paulo",
    region="BR",
    languages=("pt", "es", "en"),
    shipping_minor=1990,
    shipping_version=1,
)

MARKETS: Mapping[str, Market] = {market.code: market for market in (ECUADOR, BRAZIL)}
DEFAULT_MARKET = ECUADOR.code
CURRENCIES = frozenset(market.currency for market in MARKETS.values())
