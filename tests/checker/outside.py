"""What do the stand-ins say: the provider's ledger and payments, and the mail that arrived?"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.checker.happened import Json
from tests.checker.places import Places
from tests.checker.provider import NoAnswer, NotThere, Provider, ask, read_provider

SINK_KEEPS, PAGE = 10_000, 1000  # messages


@dataclass(frozen=True, slots=True)
class Mails:
    """All messages that the sink keeps, and whether it has never forgotten one."""

    arrived: Sequence[Json]
    is_all: bool


@dataclass(frozen=True, slots=True)
class Outside:
    """None: the run has none, or it is silent (then it is named there)."""

    provider: Provider | None
    mails: Mails | None
    silent: Sequence[str] = ()


def look_outside(places: Places) -> Outside:
    provider, mails, silent = None, None, []
    try:
        provider = None if places.stripe is None else read_provider(places.stripe)
    except NoAnswer as away:
        silent.append(str(away))
    try:
        mails = None if places.mail is None else read_mails(places.mail)
    except NoAnswer as away:
        silent.append(str(away))
    return Outside(provider, mails, silent)


def read_mails(url: str) -> Mails:
    """Raises NoAnswer."""
    page = ask(f"{url}/messages?limit={PAGE}")
    found: list[Json] = page["messages"]
    number = found[-1]["id"] if found else 0
    while len(found) < page["kept"] and number > 1:
        number -= 1
        with suppress(NotThere):  # a letter that came again has taken a number, too
            found.append(ask(f"{url}/messages/{number}"))
    return Mails(found, page["kept"] < SINK_KEEPS)
