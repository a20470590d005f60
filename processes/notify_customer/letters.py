"""How does a letter read? MJML is made into HTML once per template, and filled for each letter beside its text part."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import TYPE_CHECKING

from infra.ports import Mail
from processes.notify_customer.rules import language
from write_model.order.events import OrderPlaced

if TYPE_CHECKING:
    from jinja2 import Template

LOCALES = {"es": "es_EC", "en": "en_US"}  # how amounts are written


class Letters:
    """Writes letters from the templates beside this module. A template's first line is its subject."""

    def __init__(self) -> None:
        from jinja2 import Environment, StrictUndefined

        self._plain = Environment(autoescape=False, undefined=StrictUndefined, trim_blocks=True)  # noqa: S701 text only
        self._markup = Environment(autoescape=True, undefined=StrictUndefined)
        self._ready: dict[str, _Ready] = {}  # by template and language: compiling costs more than filling

    def write(self, template: str, locale: str, placed: OrderPlaced, to: str) -> Mail:
        """Raises FileNotFoundError for a template that there is not."""
        spoken = language(locale)
        ready, words = self._compiled(f"{template}.{spoken}"), _words(placed, spoken)
        return Mail(
            to=to, subject=ready.subject.render(words), text=ready.text.render(words), html=ready.html.render(words)
        )

    def _compiled(self, name: str) -> "_Ready":
        ready = self._ready.get(name)
        if ready is None:
            subject, text = _source(f"{name}.txt").split("\n", 1)
            plain, html = self._plain.from_string, self._markup.from_string(_html(f"{name}.mjml"))
            ready = self._ready[name] = _Ready(plain(subject), plain(text.lstrip("\n")), html)
        return ready


@dataclass(frozen=True, slots=True)
class _Ready:
    """A template's parts, compiled."""

    subject: "Template"
    text: "Template"
    html: "Template"


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


def _html(name: str) -> str:
    """The template as HTML; its placeholders stand as they were."""
    import mrml

    made: str = mrml.to_html(_source(name)).content
    return made


def _source(name: str) -> str:
    return (resources.files("processes.notify_customer") / "templates" / name).read_text("utf-8")
