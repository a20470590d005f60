"""Who is told what, how? The table: an event, the template, the channels."""

from collections.abc import Mapping
from dataclasses import dataclass

from write_model.kernel.message import Event
from write_model.order.events import OrderCancelled, OrderConfirmed, OrderExpired, RefundCompleted

IN_APP, EMAIL = "in_app", "email"
LANGUAGES = ("es", "en")  # that templates are written in; the first is the default


@dataclass(frozen=True, slots=True)
class Rule:
    template: str
    channels: tuple[str, ...]


RULES: Mapping[type[Event], Rule] = {
    OrderConfirmed: Rule("order_confirmed", (IN_APP, EMAIL)),
    OrderCancelled: Rule("order_cancelled", (IN_APP,)),
    OrderExpired: Rule("order_expired", (IN_APP,)),
    RefundCompleted: Rule("order_refunded", (IN_APP,)),
}


def language(locale: str) -> str:
    """The language of a locale that templates are written in."""
    spoken = locale.replace("_", "-").partition("-")[0].lower()
    return spoken if spoken in LANGUAGES else LANGUAGES[0]
