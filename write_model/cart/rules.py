"""What a cart may hold, where it may be sent, and what it comes to today."""

import re
from collections.abc import Sequence
from dataclasses import asdict

from write_model.cart.state import ACTIVE, NONE, Cart, Line
from write_model.kernel.address import Address
from write_model.kernel.message import Context
from write_model.kernel.refused import Kind, Refused
from write_model.kernel.text import fits
from write_model.kernel.totals import Totals
from write_model.pricing.markets import MARKETS, Market
from write_model.pricing.shipping import OPTIONS, flat
from write_model.pricing.taxes import rate
from write_model.pricing.totals import PricedLine, price

QUANTITY_MAX = 999  # per line
LINES_MAX = 50
WORDS_MAX = 20_000  # bytes of titles and SKUs: an order with so many lines is still one event of 64 KiB
METHOD = 255  # characters of a provider's id
_PROVIDERS_ID = re.compile(r"[A-Za-z]+_[A-Za-z0-9_-]+")
_CARD_NUMBER = re.compile(r"(?<![0-9])([0-9][-_]?){12,18}[0-9](?![0-9])")
LONGEST = {
    "recipient": 120,
    "line1": 200,
    "line2": 200,
    "city": 100,
    "region": 100,
    "postal_code": 20,
    "phone": 30,
    "country": 2,
}


class Unknown(Refused):
    code = "cart.unknown"
    kind = Kind.MISSING


class Closed(Refused):
    code = "cart.closed"


class MarketUnknown(Refused):
    code = "cart.market_unknown"
    kind = Kind.INVALID


class QuantityOutOfRange(Refused):
    code = "cart.quantity_out_of_range"
    kind = Kind.INVALID


class TooManyLines(Refused):
    code = "cart.too_many_lines"


class AddressInvalid(Refused):
    """Details name the field, never what was in it."""

    code = "cart.address_invalid"
    kind = Kind.INVALID


class DeliveryUnknown(Refused):
    code = "cart.delivery_unknown"
    kind = Kind.INVALID


class PaymentMethodInvalid(Refused):
    code = "cart.payment_method_invalid"
    kind = Kind.INVALID


def open_cart(cart: Cart) -> Cart:
    """Turns down what needs a cart that can still be changed."""
    if cart.status == NONE:
        raise Unknown
    if cart.status != ACTIVE:
        raise Closed(status=cart.status, allowed=[ACTIVE])
    return cart


def market(code: str) -> Market:
    known = MARKETS.get(code)
    if known is None:
        raise MarketUnknown(allowed=sorted(MARKETS))
    return known


def totals(cart: Cart, lines: Sequence[Line], context: Context) -> Totals:
    """What these lines come to in the cart's market, by the taxes of the market's day."""
    where = market(cart.market)
    priced = [
        PricedLine(
            line_id=str(line.line_id),
            unit_price_minor=line.unit_price_minor,
            quantity=line.quantity,
            rate=rate(where.region, line.tax_category, context.now.astimezone(where.days).date()),
            price_version=line.product_version,
        )
        for line in lines
    ]
    return price(priced, cart.currency, shipping=flat(where))


def check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= QUANTITY_MAX:
        raise QuantityOutOfRange(min=1, max=QUANTITY_MAX)


def check_lines(lines: Sequence[Line]) -> None:
    words = sum(len(text.encode()) for line in lines for text in (line.sku, *line.titles.values()))
    if len(lines) > LINES_MAX or words > WORDS_MAX:
        raise TooManyLines(max=LINES_MAX)


def check_address(address: Address, where: Market) -> None:
    """Every field readable and bounded, in the market's own country."""
    for field, value in asdict(address).items():
        if value is not None and not fits(value, LONGEST[field]):
            raise AddressInvalid(field=field, longest=LONGEST[field])
    if address.country != where.region:
        raise AddressInvalid(field="country", allowed=[where.region])


def check_delivery(option: str) -> None:
    if option not in OPTIONS:
        raise DeliveryUnknown(allowed=list(OPTIONS))


def check_payment_method(method: str) -> None:
    """A word with a prefix, as providers name things: what is or holds a card's number would be stored for ever."""
    if len(method) > METHOD or not _PROVIDERS_ID.fullmatch(method) or _CARD_NUMBER.search(method):
        raise PaymentMethodInvalid(longest=METHOD)
