"""How does a letter read? MJML is made into HTML once per template, and filled for each letter beside its text part."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from importlib import resources

from infra.ports import Mail
from processes.notify_customer.rules import language
from write_model.order.events import OrderPlaced

LOCALES = {"es": "es_EC", "en": "en_US"}  # how amounts are written


class Letters:
    """Writes letters from the templates beside this module. A template's first line is its subject."""

    def __init__(self) -> None:
        from jinja2 import Environment, StrictUndefined

        self._plain = Environment(autoescape=False, undefined=StrictUndefined, trim_blocks=True)  # noqa: S701 text only
        self._markup = Environment(autoescape=True, undefined=StrictUndefined)

    def write(self, template: str, locale: str, placed: OrderPlaced, to: str) -> Mail:
        """Raises FileNotFoundError for a template that there is not."""
        spoken = language(locale)
        subject, text = _source(f"{template}.{spoken}.txt").split("\n", 1)
        html = _html(f"{template}.{spoken}.mjml")
        words = _words(placed, spoken)
        return Mail(
            to=to,
            subject=self._plain.from_string(subject).render(words),
            text=self._plain.from_string(text.lstrip("\n")).render(words),
            html=self._markup.from_string(html).render(words),
        )


def _words(placed: OrderPlaced, spoken: str) -> Mapping[str, object]:
    """What a template may say."""
    totals = placed.totals
    by_line = {line.line_id: line for line in totals.lines}

    def money(minor: int) -> str:
        return _money(minor, totals.currency, spoken)

    lines = [
        {
            "title": line.titles.get(spoken) or next(iter(line.titles.values()), line.sku),
            "quantity": line.quantity,
            "total": money(by_line[str(line.line_id)].total_minor),
        }
        for line in placed.lines
    ]
    return {
        "name": placed.contact_name,
        "number": placed.number,
        "lines": lines,
        "subtotal": money(totals.subtotal_minor),
        "discount": money(totals.discount_minor) if totals.discount_minor else None,
        "shipping": money(totals.shipping_minor),
        "tax": money(totals.tax_minor),
        "total": money(totals.total_minor),
        "address": placed.address,
    }


def _money(minor: int, currency: str, spoken: str) -> str:
    from babel.numbers import format_currency, get_currency_precision

    amount = Decimal(minor).scaleb(-get_currency_precision(currency))
    return str(format_currency(amount, currency, locale=LOCALES[spoken]))


@lru_cache(maxsize=64)
def _html(name: str) -> str:
    """The template as HTML; its placeholders stand as they were."""
    import mrml

    made: str = mrml.to_html(_source(name)).content
    return made


@lru_cache(maxsize=128)
def _source(name: str) -> str:
    return (resources.files("processes.notify_customer") / "templates" / name).read_text("utf-8")
