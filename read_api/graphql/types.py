"""What every room's types share: amounts, moments, pages. Amounts are integer minor units."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NewType

import strawberry
from strawberry.schema.config import StrawberryConfig

Minor = NewType("Minor", int)
Time = NewType("Time", str)
JSON = NewType("JSON", object)

EXPONENTS: Mapping[str, int] = {"USD": 2, "BRL": 2}
LOCALES: Mapping[str, str] = {"es": "es_EC", "en": "en_US", "pt": "pt_BR"}


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise ValueError("a whole number of 64 bits")
    return value


def config() -> StrawberryConfig:
    """Scalars by name; camel case."""
    return StrawberryConfig(
        auto_camel_case=True,
        scalar_map={
            Minor: strawberry.scalar(
                name="Minor",
                description="A whole number of 64 bits: minor units of a currency, or a position of the log.",
                serialize=int,
                parse_value=_whole,
            ),
            Time: strawberry.scalar(
                name="Time", description="RFC 3339, UTC, microseconds.", serialize=str, parse_value=str
            ),
            JSON: strawberry.scalar(name="JSON", description="Any JSON value.", serialize=lambda value: value),
        },
    )


@strawberry.type
class Money:
    """An amount: 1250 with currency USD and exponent 2 is 12.50."""

    amount_minor: Minor
    currency: str
    exponent: int

    @strawberry.field
    def display(self, locale: str | None = None) -> str:
        """As a person of that locale writes it; an unknown locale is written as es-EC."""
        from babel import Locale
        from babel.numbers import format_currency

        wanted = LOCALES.get((locale or "es").split("-")[0].split("_")[0], "es_EC")
        amount = Decimal(self.amount_minor).scaleb(-self.exponent)
        return format_currency(amount, self.currency, locale=Locale.parse(wanted))


def money(amount_minor: int, currency: str | None) -> Money:
    code = currency or "USD"
    return Money(amount_minor=Minor(amount_minor), currency=code, exponent=EXPONENTS.get(code, 2))


def text(texts: Mapping[str, str], locale: str) -> str:
    """In the language asked for, else in Spanish, else in any."""
    language = locale.split("-")[0].split("_")[0]
    return texts.get(language) or texts.get("es") or next(iter(texts.values()), "")


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Attribute:
    name: str
    value: str


def attributes(of: Mapping[str, str]) -> list[Attribute]:
    return [Attribute(name=name, value=value) for name, value in of.items()]


@strawberry.interface
class Node:
    id: strawberry.ID
