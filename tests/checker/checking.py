"""All checks, in one walk over the log and one look at each store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.checker.builds import Builds
from tests.checker.copies import check_copies
from tests.checker.effects import Effects
from tests.checker.findings import Findings
from tests.checker.folds.views import Folded
from tests.checker.happened import Happened
from tests.checker.history import Histories
from tests.checker.linear import judge
from tests.checker.log import Log
from tests.checker.money import Money
from tests.checker.mongo import check_mongo
from tests.checker.outside import Outside, look_outside
from tests.checker.places import Places
from tests.checker.seals import Seals
from tests.checker.sql import check_sql
from tests.checker.stock import Stock
from tests.checker.wishes import Wishes

ANSWERED = {"order": "orders", "cart": "carts", "payment": "payments", "product": "products"}  # room → view


@dataclass(slots=True)
class Walked:
    """What the walk over the log has made."""

    log: Log
    folded: Folded
    wishes: Wishes
    stock: Stock
    builds: Builds


def check(places: Places, histories: Histories) -> Findings:
    """Raises psycopg.Error, PyMongoError, RedisError when a store is away: then nothing is proven."""
    findings = Findings()
    outside = look_outside(places)
    with psycopg.connect(places.postgres, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute("begin isolation level repeatable read read only")
        walked = examine(connection, places, outside, histories, findings)
        connection.execute("commit")
    beside(places, walked, findings)
    return findings


def examine(
    connection: psycopg.Connection[Any], places: Places, outside: Outside, histories: Histories, findings: Findings
) -> Walked:
    """All that is in PostgreSQL, within a transaction of the caller, and against what the caller has seen outside."""
    seals = Seals(places.keys, places.kek, findings)
    walked = _walk(connection, seals, findings, _signed(places.keys), histories)
    head = walked.log.position
    effects = Effects(findings, walked.folded, walked.wishes, seals.erased)
    effects.work(connection, head)
    effects.notifications()
    effects.webhooks()
    check_sql(connection, walked.builds, walked.folded, head, findings)
    _against(outside, walked, effects, findings)
    judge(histories, walked.log, walked.folded, findings)
    return walked


def beside(places: Places, walked: Walked, findings: Findings) -> None:
    """The documents and copies that stand beside PostgreSQL."""
    check_mongo(places.mongo, walked.builds, walked.folded, walked.log.position, findings)
    check_copies(places.redis, walked.builds, walked.folded, walked.log.position, findings)


def _walk(
    connection: psycopg.Connection[Any],
    seals: Seals,
    findings: Findings,
    signed: Mapping[int, bytes],
    histories: Histories,
) -> Walked:
    log = Log(connection, seals, findings, dict(signed))
    walked = Walked(log, Folded(findings), Wishes(), Stock(findings), Builds(connection))
    for event in log.events():
        walked.folded.apply(event)
        walked.stock.apply(event)
        walked.wishes.apply(event)
        _answer(walked, event, findings)
        histories.passed(event.position, walked.folded, findings)
    walked.stock.end()
    return walked


def _answer(walked: Walked, event: Happened, findings: Findings) -> None:
    """The status that a command's stored answer tells is what its events came to."""
    command = walked.log.commands.ending.get(event.position)
    if command is None:
        return
    stored = walked.log.commands.stored[command]
    room, _, identity = (stored.answered or "").partition("-")
    view = ANSWERED.get(room)
    document = None if view is None else walked.folded.get(view, identity)
    if document is not None and document["status"] != stored.status:
        text = f"its answer says {stored.status}, {stored.answered} is {document['status']}"
        findings.wrong("command.answer_differs", event.position, text)


def _against(outside: Outside, walked: Walked, effects: Effects, findings: Findings) -> None:
    """A stand-in that is away while the log speaks of it is a violation: nothing is proven then."""
    money = Money(findings, walked.folded, walked.wishes, walked.stock)
    money.reservations()
    money.totals()
    for silent in outside.silent:
        findings.wrong("provider.silent", "stand-in", silent)
    if outside.provider is not None:
        money.against(outside.provider)
    elif walked.wishes.orders and not outside.silent:
        findings.wrong("provider.absent", "run.json", "there are orders, and no provider to ask")
    if outside.mails is not None:
        effects.mail(outside.mails)
    elif effects.letters and not outside.silent:
        findings.wrong("mail.absent", "run.json", "there are letters, and no sink to look into")


def _signed(keys_url: str) -> dict[int, bytes]:
    with psycopg.connect(keys_url) as connection:
        rows = connection.execute("select position, link from signed_heads").fetchall()
    return {int(position): bytes(link) for position, link in rows}
