"""Is whatever is wrong outside PostgreSQL found and named: documents, copies, keys, the provider's word, the mail?"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import msgspec
import psycopg
import pytest
import redis

from tests.checker.checking import check
from tests.checker.findings import Findings
from tests.checker.outside import Mails, Outside
from tests.checker.places import Places
from tests.proof.planting import documents, elsewhere, examined
from tests.proof.sold import Sold

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

Rows = list[dict[str, Any]]


def found(findings: Findings, code: str) -> None:
    assert findings.codes[code] > 0, (findings.codes, findings.violations[:3])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"$set": {"status": "EXPIRED"}}, "document.differs"),
        ({"$inc": {"position": -1}}, "document.position"),
        ({"$set": {"stale": True}}, "document.stale"),
        ({"$set": {"_gone": True}}, "document.differs"),
        (None, "document.missing"),
    ],
    ids=["changed", "elsewhere", "stale", "taken for gone", "deleted"],
)
def test_a_document_in_mongodb_that_was_tampered_with_is_found(sold: Sold, change: Any, code: str) -> None:
    own = {"_id": sold.orders["paid"]}
    with documents(sold) as database:
        before = database["orders_v1"].find_one(own)
        assert before is not None
        if change is None:
            database["orders_v1"].delete_one(own)
        else:
            database["orders_v1"].update_one(own, change)
        try:
            found(check(sold.places, sold.histories()), code)
        finally:
            database["orders_v1"].replace_one(own, before, upsert=True)


def test_a_document_too_many_and_a_parked_key_in_mongodb_are_found(sold: Sold) -> None:
    with documents(sold) as database:
        database["inbox_v1"].insert_one({"_id": "x", "position": 1})
        database["parked"].insert_one({"_id": "inbox_v1/x", "target": "inbox_v1", "position": 1, "error": "KeyError"})
        try:
            findings = check(sold.places, sold.histories())
        finally:
            database["inbox_v1"].delete_one({"_id": "x"})
            database["parked"].delete_one({"_id": "inbox_v1/x"})
    found(findings, "document.unexpected")
    found(findings, "projection.parked")


EPOCH = b"0123"
COPIES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "altered": (lambda value: value.replace(b"CONFIRMED", b"CANCELLED"), "copy.differs"),
    "older": (lambda value: b"|1|".join((EPOCH, value.split(b"|", 2)[2])), "copy.position"),
    "half": (lambda value: value[:-5], "copy.unreadable"),
    "of nothing": (lambda value: value.replace(b'"id":"', b'"id":"0'), "copy.unexpected"),
}


@dataclass(frozen=True, slots=True)
class Copied:
    """A Redis database that nobody else writes to, with the copy of one order under an epoch that holds."""

    client: redis.Redis
    places: Places
    name: str
    value: bytes


@pytest.fixture
def copied(sold: Sold) -> Iterator[Copied]:
    places = replace(sold.places, redis=urlunsplit(urlsplit(sold.places.redis)._replace(path="/9")))
    with documents(sold) as database:
        document = database["orders_v1"].find_one({"_id": sold.orders["paid"]})
    assert document is not None
    position = document.pop("position")
    del document["_id"]
    value = b"|".join((EPOCH, str(position).encode(), msgspec.json.encode(document)))
    with redis.Redis.from_url(places.redis) as client:
        client.flushdb()
        head = max(record["position"] or 0 for record in sold.records)
        client.hset("view:orders_v1", mapping={"epoch": EPOCH, "covered": str(head)})
        made = Copied(client, places, f"order:{sold.orders['paid']}", value)
        client.set(made.name, made.value)
        yield made
        client.flushdb()


def test_a_copy_that_is_what_the_document_is_passes(sold: Sold, copied: Copied) -> None:
    findings = check(copied.places, sold.histories())
    assert findings.total == 0
    assert findings.looked["copies orders"] == 1


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_under_the_current_epoch_that_is_wrong_is_found(sold: Sold, copied: Copied, how: str) -> None:
    change, code = COPIES[how]
    copied.client.set(copied.name, change(copied.value))
    found(check(copied.places, sold.histories()), code)


def test_a_copy_of_a_passed_epoch_counts_for_nothing(sold: Sold, copied: Copied) -> None:
    copied.client.set(copied.name, b"other" + copied.value.replace(b"CONFIRMED", b"CANCELLED"))
    findings = check(copied.places, sold.histories())
    assert findings.total == 0
    assert findings.looked["copies of a passed epoch"] == 1


@pytest.mark.parametrize(("covered", "code"), [(10**9, "copies.ahead"), (1, "copies.behind")])
def test_copies_that_cover_another_position_than_they_should_are_found(
    sold: Sold, copied: Copied, covered: int, code: str
) -> None:
    copied.client.hset("view:orders_v1", "covered", str(covered))
    found(check(copied.places, sold.histories()), code)


def test_a_copy_under_a_name_of_another_is_found(sold: Sold, copied: Copied) -> None:
    copied.client.set(f"order:{uuid4()}", copied.value)
    found(check(copied.places, sold.histories()), "copy.misplaced")


KEYS = {
    "update data_keys set wrapped = '\\x00'": "keys.unreadable",
    "update data_keys set destroyed_at = now()": "keys.not_destroyed",
    "insert into signed_heads values (1, '\\x00', '\\x00')": "chain.signed_head",
}


@pytest.mark.parametrize("statement", KEYS)
def test_keys_and_signed_heads_that_were_changed_are_found(sold: Sold, statement: str) -> None:
    table = next(word for word in statement.split() if word in ("data_keys", "signed_heads"))
    with psycopg.connect(sold.places.keys, autocommit=True) as connection:
        connection.execute(f"create table before as select * from {table}")
        try:
            assert connection.execute(statement).rowcount > 0
            found(check(sold.places, sold.histories()), KEYS[statement])
        finally:
            connection.execute(f"delete from {table}")
            connection.execute(f"insert into {table} select * from before")
            connection.execute("drop table before")


def _of(rows: Rows, order: str, kind: str) -> dict[str, Any]:
    return next(row for row in rows if row["order_id"] == order and row["kind"] == kind)


def charged_twice(entries: Rows, intents: Rows, sold: Sold) -> None:
    intents.append(copy.deepcopy(next(each for each in intents if each["metadata"]["order_id"] == sold.orders["paid"])))


def captured_twice(entries: Rows, intents: Rows, sold: Sold) -> None:
    entries.append(dict(_of(entries, sold.orders["paid"], "captured")))


def not_captured(entries: Rows, intents: Rows, sold: Sold) -> None:
    entries.remove(_of(entries, sold.orders["paid"], "captured"))


def captured_early(entries: Rows, intents: Rows, sold: Sold) -> None:
    entries.append({**_of(entries, sold.orders["paid"], "captured"), "order_id": sold.orders["waiting"]})


def not_let_go(entries: Rows, intents: Rows, sold: Sold) -> None:
    entries.append({**_of(entries, sold.orders["cancelled"], "authorised"), "charge": "ch_x"})


def not_given_back(entries: Rows, intents: Rows, sold: Sold) -> None:
    entries.remove(_of(entries, sold.orders["cancelled"], "refunded"))


def given_back_less(entries: Rows, intents: Rows, sold: Sold) -> None:
    _of(entries, sold.orders["refunded"], "refunded")["amount"] -= 1


def given_back_unasked(entries: Rows, intents: Rows, sold: Sold) -> None:
    entries.append({**_of(entries, sold.orders["refunded"], "refunded"), "refund": "re_x"})


def of_nobody(entries: Rows, intents: Rows, sold: Sold) -> None:
    entries.append({**_of(entries, sold.orders["paid"], "captured"), "order_id": str(uuid4())})


def in_another_currency(entries: Rows, intents: Rows, sold: Sold) -> None:
    _of(entries, sold.orders["paid"], "captured")["currency"] = "eur"


MONEY: dict[Callable[[Rows, Rows, Sold], None], str] = {
    charged_twice: "money.charged_twice",
    captured_twice: "effect.repeated",
    not_captured: "money.not_captured",
    captured_early: "money.captured_early",
    not_let_go: "money.held",
    not_given_back: "money.kept",
    given_back_less: "money.differs",
    given_back_unasked: "money.refund_unknown",
    of_nobody: "money.no_order",
    in_another_currency: "money.currency",
}


@pytest.mark.parametrize("wrong", MONEY, ids=lambda wrong: wrong.__name__)
def test_money_that_the_provider_sees_otherwise_is_found(sold: Sold, wrong: Callable[[Rows, Rows, Sold], None]) -> None:
    assert sold.outside.provider is not None
    entries, intents = copy.deepcopy(sold.outside.provider.entries), copy.deepcopy(sold.outside.provider.intents)

    wrong(entries, intents, sold)

    found(examined(sold, outside=elsewhere(sold.outside, entries, intents)), MONEY[wrong])


def test_a_refund_that_the_provider_does_not_know_or_that_is_open_is_found(sold: Sold) -> None:
    assert sold.outside.provider is not None
    entries = [entry for entry in sold.outside.provider.entries if entry["kind"] != "refunded"]
    without = elsewhere(sold.outside, entries, sold.outside.provider.intents)
    found(examined(sold, outside=without), "money.refund_differs")

    unknown = "update log.events set type = 'payment.refund_unknown' where type = 'payment.refund_succeeded'"
    found(examined(sold, unknown), "money.refund_open")


def _mails(sold: Sold) -> Rows:
    assert sold.outside.mails is not None
    return [dict(message) for message in sold.outside.mails.arrived]


def test_letters_that_did_not_arrive_came_twice_or_were_asked_for_by_nobody_are_found(sold: Sold) -> None:
    lost, twice, strange = _mails(sold)[1:], _mails(sold), _mails(sold)
    twice[0]["deliveries"] += 5
    strange[0]["message_id"] = "<0@nowhere>"
    for arrived, code in ((lost, "mail.missing"), (twice, "mail.doubled"), (strange, "mail.unasked")):
        found(examined(sold, outside=replace(sold.outside, mails=Mails(arrived, True))), code)
    nobody_knows = "update log.events set type = 'notification.read' where type = 'notification.mail_accepted'"
    found(examined(sold, nobody_knows), "mail.unknown")


def test_stand_ins_that_are_silent_or_absent_prove_nothing(sold: Sold) -> None:
    found(examined(sold, outside=Outside(None, None, ["http://127.0.0.1: URLError"])), "provider.silent")
    nobody = examined(sold, outside=Outside(None, None))
    found(nobody, "provider.absent")
    found(nobody, "mail.absent")
