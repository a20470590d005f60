"""Which webhook goes to whom, when, how often? The queue, and what a test wished for it."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tools.standins.stripe.book import Body, Book
from tools.standins.stripe.errors import visible

POLICY = "webhooks"
CONFIGURED = "we_configured"  # the endpoint of the command line


@dataclass(frozen=True, slots=True)
class Policy:
    """How the next events travel. `times` None: until it is changed."""

    types: Sequence[str] = ()  # event types; none: all
    copies: int = 1  # how often each is sent
    delay: float = 0.0  # seconds before the first attempt
    hold: bool = False  # until they are released
    reorder: int = 0  # gather so many, then send them backwards
    drop: bool = False  # never sent (as after three days of failures)
    amount: int | None = None  # the amount that the event tells instead of the true one
    age: int = 0  # seconds that the signature's time lies in the past
    times: int | None = None  # so many events
    extra: Mapping[str, Any] = field(default_factory=dict)  # fields put over the event's object

    @staticmethod
    def of(body: Mapping[str, Any]) -> "Policy":
        """Raises ValueError for a field that there is not."""
        known = {each.name for each in fields(Policy)}
        if unknown := set(body) - known:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
        return Policy(**body)


def queue(book: Book, event: Body, now: float) -> int:
    """One row for each endpoint and copy; how many endpoints there are."""
    policy = _policy(book, event["type"])
    if policy.drop:
        return 0
    endpoints = [each for each in _endpoints(book) if _wants(each, event["type"])]
    for endpoint in endpoints:
        if policy.reorder > 1:
            _gather(book, endpoint["id"], event, policy, now)
            continue
        state = "held" if policy.hold else "pending"
        for copy_number in range(policy.copies):
            _insert(book, endpoint["id"], event, policy, now + policy.delay + copy_number * 0.05, state)
    return len(endpoints)


def release(book: Book, now: float, order: str) -> int:
    """Send what is held: "original", or "reversed". In that order, one after the other."""
    held = [row["id"] for row in book.db.execute("select id from deliveries where state = 'held' order by id")]
    if order == "reversed":
        held.reverse()
    for place, delivery in enumerate(held):
        book.db.execute(
            "update deliveries set state = 'pending', ordered = 1, next_at = ? where id = ?",
            (now + place / 1000, delivery),
        )
    return len(held)


def send_again(book: Book, event_id: str, now: float) -> int:
    """Queue an event once more for each endpoint that had it."""
    rows = book.db.execute("select distinct endpoint, type, body, age from deliveries where event = ?", (event_id,))
    found = rows.fetchall()
    for row in found:
        book.db.execute(
            "insert into deliveries (event, endpoint, type, body, next_at, state, age) values (?, ?, ?, ?, ?, ?, ?)",
            (event_id, row["endpoint"], row["type"], row["body"], now, "pending", row["age"]),
        )
    return len(found)


def due(book: Book, now: float, limit: int) -> list[Body]:
    rows = book.db.execute(
        "select * from deliveries where state = 'pending' and next_at <= ? order by next_at, id limit ?", (now, limit)
    )
    return [dict(row) for row in rows]


def next_due(book: Book) -> float | None:
    row = book.db.execute("select min(next_at) as at from deliveries where state = 'pending'").fetchone()
    at: float | None = row["at"]
    return at


def finish(book: Book, delivery: int, state: str, answer: str, next_at: float) -> None:
    book.db.execute(
        "update deliveries set attempts = attempts + 1, state = ?, answer = ?, next_at = ? where id = ?",
        (state, answer, next_at, delivery),
    )


def shown(book: Book, limit: int) -> list[Body]:
    """The newest deliveries, without their bodies."""
    rows = book.db.execute(
        "select id, event, endpoint, type, attempts, next_at, state, answer from deliveries order by id desc limit ?",
        (limit,),
    )
    return [dict(row) for row in rows]


def _policy(book: Book, kind: str) -> Policy:
    wished = book.wish(POLICY)
    if not wished:
        return Policy()
    policy = Policy.of(wished)
    if policy.types and kind not in policy.types:
        return Policy()
    if policy.times is not None:
        left = policy.times - 1
        book.set_wish(POLICY, asdict(policy) | {"times": left} if left > 0 else None)
    return policy


def _endpoints(book: Book) -> list[Body]:
    return book.rows("webhook_endpoint", "json_extract(body, '$.status') = 'enabled' order by seq", (), 16)


def _wants(endpoint: Body, kind: str) -> bool:
    return "*" in endpoint["enabled_events"] or kind in endpoint["enabled_events"]


def _gather(book: Book, endpoint: str, event: Body, policy: Policy, now: float) -> None:
    _insert(book, endpoint, event, policy, now, "gathered")
    rows = book.db.execute(
        "select id from deliveries where state = 'gathered' and endpoint = ? order by id desc", (endpoint,)
    ).fetchall()
    if len(rows) < policy.reorder:
        return
    for place, row in enumerate(rows):
        book.db.execute(
            "update deliveries set state = 'pending', ordered = 1, next_at = ? where id = ?",
            (now + policy.delay + place / 1000, row["id"]),
        )


def _insert(book: Book, endpoint: str, event: Body, policy: Policy, next_at: float, state: str) -> None:
    body = json.dumps(_altered(visible(event), policy), indent=2, ensure_ascii=False)
    book.db.execute(
        "insert into deliveries (event, endpoint, type, body, next_at, state, age) values (?, ?, ?, ?, ?, ?, ?)",
        (event["id"], endpoint, event["type"], body, next_at, state, policy.age),
    )


def _altered(event: Body, policy: Policy) -> Body:
    if policy.amount is None and not policy.extra:
        return event
    event = copy.deepcopy(event)
    about = event["data"]["object"]
    if policy.amount is not None:
        for name in ("amount", "amount_received", "amount_capturable", "amount_captured"):
            if about.get(name):
                about[name] = policy.amount
    about.update(policy.extra)
    return event
