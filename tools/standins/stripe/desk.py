"""Where one request is worked on: reading and writing objects, telling events, entering money into the ledger."""

import copy
import secrets
from collections.abc import Mapping
from typing import Any

from tools.standins.stripe import deliveries
from tools.standins.stripe.book import Body, Book
from tools.standins.stripe.errors import missing, visible

API_VERSION = "2026-06-30.basil"


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


class Desk:
    """One request's view of the book, inside the transaction that its answer is stored in."""

    def __init__(
        self, book: Book, now: float, base_url: str, request_id: str | None = None, key: str | None = None
    ) -> None:
        self.book = book
        self.moment = now
        self.base_url = base_url
        self.request_id = request_id
        self.key = key
        self.alter: int | None = None  # authorise this amount instead of the one that was asked for

    @property
    def now(self) -> int:
        return int(self.moment)

    def make(self, prefix: str, kind: str, **fields: Any) -> Body:
        """A new object, stored."""
        body: Body = {"id": new_id(prefix), "object": kind, "created": self.now, "livemode": False} | fields
        self.book.add(body)
        return body

    def find(self, kind: str, object_id: str | None) -> Body | None:
        return self.book.get(kind, object_id) if object_id else None

    def need(self, kind: str, object_id: str, param: str = "id") -> Body:
        """The object, or Stripe's `resource_missing`."""
        found = self.book.get(kind, object_id)
        if found is None:
            raise missing(kind, object_id, param)
        return found

    def put(self, body: Body) -> Body:
        self.book.put(body)
        return body

    def emit(self, kind: str, about: Body, before: Mapping[str, Any] | None = None) -> None:
        """An event with the object as it is now, queued for every webhook endpoint that wants it."""
        data: Body = {"object": copy.deepcopy(visible(about))}
        if before:
            data["previous_attributes"] = dict(before)
        event = self.make(
            "evt",
            "event",
            api_version=API_VERSION,
            data=data,
            pending_webhooks=0,
            request={"id": self.request_id, "idempotency_key": self.key},
            type=kind,
        )
        event["pending_webhooks"] = deliveries.queue(self.book, event, self.moment)
        self.put(event)

    def move(self, kind: str, amount: int, charge: Body, refund: str | None = None) -> None:
        """Enter a movement of money."""
        metadata = charge.get("metadata", {})
        self.book.enter(
            {
                "kind": kind,
                "amount": amount,
                "currency": charge["currency"],
                "intent": charge["payment_intent"],
                "charge": charge["id"],
                "refund": refund,
                "order_id": metadata.get("order_id"),
                "payment_id": metadata.get("payment_id"),
                "at": self.moment,
                "idempotency_key": self.key,
                "request_id": self.request_id,
            }
        )


def merged(old: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Metadata after an update: an empty value takes the pair away."""
    return {key: value for key, value in {**old, **changes}.items() if value != ""}
