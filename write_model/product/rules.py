"""Which words and figures a product may have, and the address it gets from its title."""

from base64 import b32encode
from collections.abc import Mapping, Sequence
from unicodedata import normalize
from uuid import UUID

from write_model.kernel.ids import derived
from write_model.kernel.refused import Kind, Refused
from write_model.kernel.text import fits
from write_model.pricing.markets import CURRENCIES
from write_model.pricing.taxes import CATEGORIES
from write_model.product.events import Image

LANGUAGES = ("es", "en")  # every product speaks both
TITLE, DESCRIPTION, CATEGORY, SKU, ATTRIBUTE, URL, REASON = 200, 5_000, 80, 64, 100, 2_000, 500
IMAGES, ATTRIBUTES, VARIANTS = 20, 20, 100
PRICE_MAX = 10**9  # minor units


class TitleMissing(Refused):
    code = "product.title_missing"
    kind = Kind.INVALID


class TextInvalid(Refused):
    """Empty, too long, or with characters that nobody can see."""

    code = "product.text_invalid"
    kind = Kind.INVALID


class LanguageUnknown(Refused):
    code = "product.language_unknown"
    kind = Kind.INVALID


class CurrencyUnknown(Refused):
    code = "product.currency_unknown"
    kind = Kind.INVALID


class TaxCategoryUnknown(Refused):
    code = "product.tax_category_unknown"
    kind = Kind.INVALID


class ImageInvalid(Refused):
    code = "product.image_invalid"
    kind = Kind.INVALID


class TooMany(Refused):
    code = "product.too_many"
    kind = Kind.INVALID


class PriceOutOfRange(Refused):
    code = "product.price_out_of_range"
    kind = Kind.INVALID


def slug(titles: Mapping[str, str], product_id: UUID) -> str:
    """The Spanish title in plain letters and six letters of the product's id: nobody else has it. Given for ever."""
    plain = normalize("NFKD", titles[LANGUAGES[0]]).encode("ascii", "ignore").decode().lower()
    words = "".join(character if character.isalnum() else " " for character in plain).split()
    letters = b32encode(derived(product_id, "slug").bytes).decode().lower()[:6]
    return f"{'-'.join(words)[:100]}-{letters}".lstrip("-")


def check_titles(titles: Mapping[str, str]) -> None:
    missing = [language for language in LANGUAGES if language not in titles]
    if missing:
        raise TitleMissing(languages=missing)
    _check_texts("titles", titles, TITLE, lines=False)


def check_descriptions(descriptions: Mapping[str, str]) -> None:
    _check_texts("descriptions", descriptions, DESCRIPTION, lines=True)


def check_category(category: str) -> None:
    check_text("category", category, CATEGORY)


def check_currency(currency: str) -> None:
    if currency not in CURRENCIES:
        raise CurrencyUnknown(allowed=sorted(CURRENCIES))


def check_tax_category(tax_category: str) -> None:
    if tax_category not in CATEGORIES:
        raise TaxCategoryUnknown(allowed=sorted(CATEGORIES))


def check_images(images: Sequence[Image]) -> None:
    _check_count("images", len(images), IMAGES)
    for image in images:
        if not image.url.startswith(("https://", "http://", "/")) or not fits(image.url, URL) or " " in image.url:
            raise ImageInvalid(longest=URL)
        _check_texts("alt", image.alt, TITLE, lines=False)


def check_variant(sku: str, attributes: Mapping[str, str]) -> None:
    check_text("sku", sku, SKU)
    _check_count("attributes", len(attributes), ATTRIBUTES)
    for name, value in attributes.items():
        check_text("attributes", name, ATTRIBUTE)
        check_text("attributes", value, ATTRIBUTE)


def check_variant_count(count: int) -> None:
    _check_count("variants", count, VARIANTS)


def check_price(price_minor: int) -> None:
    if not 0 < price_minor <= PRICE_MAX:
        raise PriceOutOfRange(min=1, max=PRICE_MAX)


def check_text(field: str, text: str, longest: int, *, lines: bool = False) -> None:
    if not fits(text, longest, lines=lines):
        raise TextInvalid(field=field, longest=longest)


def _check_texts(field: str, texts: Mapping[str, str], longest: int, *, lines: bool) -> None:
    unknown = sorted(set(texts) - set(LANGUAGES))
    if unknown:
        raise LanguageUnknown(field=field, allowed=list(LANGUAGES))
    for text in texts.values():
        check_text(field, text, longest, lines=lines)


def _check_count(field: str, count: int, most: int) -> None:
    if count > most:
        raise TooMany(field=field, max=most)
