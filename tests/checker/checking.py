"""All checks, in one walk over the log and one look at each store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

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
from tests.checker.places import Places
from tests.checker.provider import NoAnswer, read_provider
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


def check(places: Places, histories: Histories) -> Findings:
    """Raises psycopg.Error, PyMongoError, RedisError when a store is away: then nothing is proven."""
    findings = Findings()
    seals = Seals(places.keys, places.kek, findings)
    with psycopg.connect(places.postgres, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute("begin isolation level repeatable read read only")
        walked = _walk(connection, seals, findings, _signed(places.keys), histories)
        head = walked.log.position
        effects = Effects(findings, walked.folded, walked.wishes, seals.erased)
        effects.work(connection, head)
        effects.notifications()
        effects.webhooks()
        check_sql(connection, walked.folded, head, findings)
        connection.execute("commit")
    check_mongo(places.mongo, walked.folded, head, findings)
    check_copies(places.redis, walked.folded, head, findings)
    _outside(places, walked, effects, findings)
    judge(histories, walked.log, walked.folded, findings)
    return findings


def _walk(
    connection: psycopg.Connection[Any],
    seals: Seals,
    findings: Findings,
    signed: Mapping[int, bytes],
    histories: Histories,
) -> Walked:
    log = Log(connection, seals, findings, dict(signed))
    walked = Walked(log, Folded(findings), Wishes(), Stock(findings))
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


def _outside(places: Places, walked: Walked, effects: Effects, findings: Findings) -> None:
    """Against the stand-ins. One that is away while the log speaks of it is a violation: nothing is proven then."""
    money = Money(findings, walked.folded, walked.wishes, walked.stock)
    money.reservations()
    money.totals()
    try:
        if places.stripe is not None:
            money.against(read_provider(places.stripe))
        else:
            findings.must(not walked.wishes.orders, "provider.absent", "run.json", "orders, and no provider to ask")
        if places.mail is not None:
            effects.mail(places.mail)
    except NoAnswer as silent:
        findings.wrong("provider.silent", "stand-in", str(silent))


def _signed(keys_url: str) -> dict[int, bytes]:
    with psycopg.connect(keys_url) as connection:
        rows = connection.execute("select position, link from signed_heads").fetchall()
    return {int(position): bytes(link) for position, link in rows}
