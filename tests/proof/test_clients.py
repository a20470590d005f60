"""Is whatever clients were told wrongly found and named?"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.checker.happened import command_id
from tests.checker.history import Histories
from tests.proof.planting import examined
from tests.proof.sold import Sold

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

Records = list[dict[str, Any]]


def _placed(records: Records) -> Records:
    """Both answers about the paid order: the first, and the repeat under the same key."""
    return [record for record in records if record["client"] == "paid" and record["target"] == "/orders"]


def _own_read(records: Records) -> dict[str, Any]:
    return next(
        record for record in records if record["client"] == "paid" and record["kind"] == "read" and record["token"]
    )


def lost(records: Records) -> None:
    """It was acknowledged, and then forgotten: no such order is there."""
    for record in _placed(records):
        record |= {"key": "another", "body": {**record["body"], "id": str(UUID(int=1))}}


def under_another_key(records: Records) -> None:
    for record in _placed(records):
        record["key"] = "another"


def position_too_early(records: Records) -> None:
    _placed(records)[0]["position"] = 1


def answered_otherwise(records: Records) -> None:
    _placed(records)[1]["body"]["id"] = _placed(records)[1]["body"]["paymentId"]


def another_version(records: Records) -> None:
    _placed(records)[1]["version"] += 1


def refused_afterwards(records: Records) -> None:
    _placed(records)[1] |= {"status": 422, "position": None}


def out_of_order(records: Records) -> None:
    """It says that it was asked for after everything else was answered."""
    last = max(record["answered"] for record in records)
    for record in _placed(records):
        record["sent"], record["answered"] = last + 1, last + 2


def sent_by_nobody(records: Records) -> None:
    for record in [record for record in records if "cancel" in record["target"]]:
        records.remove(record)


def of_the_future(records: Records) -> None:
    _placed(records)[0]["position"] = 10**9


def read_of_the_future(records: Records) -> None:
    _own_read(records)["position"] = 10**9


def older_than_asked_for(records: Records) -> None:
    record = _own_read(records)
    record["token"] = record["position"] + 1


def showed_something_else(records: Records) -> None:
    _own_read(records)["body"]["status"] = "EXPIRED"


def showed_what_was_not_there(records: Records) -> None:
    _own_read(records)["position"] = 1


def says_no_position(records: Records) -> None:
    _own_read(records)["position"] = None


def own_write_not_there(records: Records) -> None:
    _own_read(records)["status"] = 404


WRONG: dict[Callable[[Records], None], str] = {
    lost: "history.lost",
    under_another_key: "history.unknown_command",
    position_too_early: "history.position",
    answered_otherwise: "history.answer_differs",
    another_version: "history.answer_differs",
    refused_afterwards: "history.answer_differs",
    out_of_order: "history.order",
    sent_by_nobody: "history.unknown_command",
    of_the_future: "history.future",
    read_of_the_future: "history.future",
    older_than_asked_for: "history.stale",
    showed_something_else: "history.read_differs",
    showed_what_was_not_there: "history.read_differs",
    says_no_position: "history.no_position",
    own_write_not_there: "history.own_write_unseen",
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_it_is_found_when_a_client_was_told(wrong: Callable[[Records], None], sold: Sold, tmp_path: Path) -> None:
    records = copy.deepcopy(sold.records)

    wrong(records)

    findings = examined(sold, histories=_histories(tmp_path, records))
    assert findings.codes[WRONG[wrong]] > 0, (findings.codes, findings.violations[:3])


def test_a_stale_answer_that_says_so_is_honest(sold: Sold, tmp_path: Path) -> None:
    records = copy.deepcopy(sold.records)
    older_than_asked_for(records)
    _own_read(records)["stale"] = True

    assert examined(sold, histories=_histories(tmp_path, records)).total == 0


def test_a_key_that_was_never_answered_may_be_done_or_not(sold: Sold, tmp_path: Path) -> None:
    records = copy.deepcopy(sold.records)
    nothing = {"answered": None, "status": None, "position": None, "version": None, "body": None}
    _placed(records)[0] |= nothing
    records.append({**copy.deepcopy(_placed(records)[0]), "key": "never heard of"})

    findings = examined(sold, histories=_histories(tmp_path, records))

    assert findings.total == 0
    assert findings.looked["keys that nobody acknowledged"] == 1


def test_a_line_that_is_no_record_is_found_and_one_that_is_cut_off_is_not_wrong(sold: Sold, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text('{"client": 1}\n{"client": "half')

    findings = examined(sold, histories=Histories([file]))

    assert findings.codes["history.unreadable"] == 1
    assert findings.looked["history lines cut off"] == 1


def test_a_key_that_is_two_commands_is_found(sold: Sold, tmp_path: Path) -> None:
    """Of one who buys and gives money back: the key of the refund has made something of the cart, too."""
    records = copy.deepcopy(sold.records)
    order = next(each for each in records if each["target"] == f"/orders/{sold.orders['refunded']}")
    customer = f"customer:{order['body']['customerId']}"
    refund = next(record for record in records if record["target"].endswith("/refunds"))
    delivery = next(each for each in records if each["client"] == "refunded" and each["target"].endswith("/delivery"))
    refund["client"] = "refunded"
    before, after = command_id(customer, delivery["key"]), command_id(customer, refund["key"])
    moved = [
        f"update log.{table} set command_id = '{after}' where command_id = '{before}'"
        for table in ("events", "answers")
    ]

    findings = examined(sold, *moved, histories=_histories(tmp_path, records))

    assert findings.codes["history.doubled"] == 1


def _histories(folder: Path, records: Records) -> Histories:
    file = folder / "history.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return Histories([file])
