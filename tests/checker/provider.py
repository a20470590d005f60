"""What does the payment provider say? Its ledger and its payments, asked over HTTP like anybody would."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

Json = dict[str, Any]
SECONDS = 20.0


class NoAnswer(Exception):
    """A stand-in does not answer, so nothing can be proven about it."""


class NotThere(NoAnswer):
    """The stand-in answers that it has no such thing."""


def ask(url: str, headers: dict[str, str] | None = None) -> Json:
    """JSON of a URL; no proxy is asked. Raises NoAnswer, NotThere."""
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(Request(url, headers=headers or {}), timeout=SECONDS) as answer:
            found = json.load(answer)
    except (OSError, ValueError) as error:
        failure = NotThere if isinstance(error, HTTPError) and error.code == HTTPStatus.NOT_FOUND else NoAnswer
        raise failure(f"{url}: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise NoAnswer(f"{url}: no JSON object")
    return found


@dataclass(slots=True)
class Balance:
    """What the ledger has of one order, minor units."""

    authorised: int = 0
    captured: int = 0
    voided: int = 0
    refunded: int = 0
    currencies: set[str] = field(default_factory=set)
    charges: set[str] = field(default_factory=set)

    @property
    def held(self) -> int:
        return self.authorised - self.captured - self.voided

    @property
    def kept(self) -> int:
        return self.captured - self.refunded


@dataclass(frozen=True, slots=True)
class Provider:
    entries: list[Json]
    intents: list[Json]

    def balances(self) -> dict[str, Balance]:
        """By order; what names no order stands under ""."""
        found: dict[str, Balance] = defaultdict(Balance)
        for entry in self.entries:
            balance = found[entry["order_id"] or ""]
            balance.currencies.add(str(entry["currency"]).upper())
            balance.charges.add(entry["charge"])
            amount = entry["amount"]
            match entry["kind"]:
                case "authorised":
                    balance.authorised += amount
                case "captured":
                    balance.captured += amount
                case "voided":
                    balance.voided += amount
                case "refunded":
                    balance.refunded += amount
                case "refund_failed":
                    balance.refunded -= amount
        return found

    def intents_of(self) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = defaultdict(list)
        for intent in self.intents:
            found[(intent.get("metadata") or {}).get("order_id") or ""].append(intent)
        return found


def read_provider(url: str) -> Provider:
    """Raises NoAnswer."""
    return Provider(ask(f"{url}/_control/ledger")["entries"], list(_intents(url)))


def _intents(url: str) -> Iterator[Json]:
    query: dict[str, object] = {"limit": 100}
    while True:
        page = ask(f"{url}/v1/payment_intents?{urlencode(query)}", {"Authorization": "Bearer sk_test_checker"})
        yield from page["data"]
        if not page["has_more"]:
            return
        query["starting_after"] = page["data"][-1]["id"]
