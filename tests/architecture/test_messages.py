"""Is every message registered, readable for ever, heard or explained, and every refusal known to the edges?"""

import json
from collections.abc import Iterator
from importlib import import_module

import pytest

from infra.codec.json_codec import Codec, PayloadBroken
from infra.ports import Schema
from tests.architecture.code import ROOT, commands, events, refusals, written
from tests.architecture.messages import badly_coded, uncatalogued, unheard, unregistered, unrouted
from tests.architecture.unheard import UNHEARD
from tools import golden
from tools.map import processes, projections
from write_model.checkout.commands import ConfirmOrder
from write_model.handling.catalogue import CATALOGUE
from write_model.handling.names import EVENTS
from write_model.kernel.refused import Refused
from write_model.order.events import OrderConfirmed
from write_model.stock.decider import NotAvailable

KEPT = ROOT / golden.FOLDER
CONFIRMED = Schema("order.confirmed", 1, OrderConfirmed)


def test_every_event_is_registered_under_a_name_of_its_own() -> None:
    assert list(unregistered(events(), EVENTS)) == []


def test_every_command_has_a_route() -> None:
    assert list(unrouted(commands(), import_module("write_model.handling.registry").COMMANDS)) == []


def test_every_event_is_heard_or_the_reason_why_not_is_given() -> None:
    if written("projections.main", "processes.main"):
        heard = {event for one in [*projections(ROOT), *processes(ROOT)] for event in one.heard}
        assert list(unheard(events(), heard, UNHEARD)) == []


def test_every_view_is_run_by_the_main() -> None:
    if written("projections.main"):
        run = {getattr(one, "name", one) for one in import_module("projections.main").ALL}
        assert {one.name for one in projections(ROOT)} == run


def test_a_refusal_has_a_code_of_its_own_that_names_its_room() -> None:
    assert list(badly_coded(refusals())) == []


def test_every_refusal_stands_in_the_catalogue() -> None:
    assert list(uncatalogued(refusals(), CATALOGUE)) == []


def test_every_stored_version_has_a_golden_sample_and_no_sample_is_left_over() -> None:
    names = {golden.file_name(schema) for schema in EVENTS}
    assert {file.name for file in KEPT.glob("*.json")} == names


def test_a_golden_sample_says_what_it_always_said() -> None:
    codec = golden.registry()[1]
    for file in sorted(KEPT.glob("*.json")):
        kept = json.loads(file.read_text())
        assert golden.plain(golden.decoded(kept, codec)) == kept["event"], file.name
        assert _is_old(kept) or _stored_again(kept, codec) == kept["payload"], file.name


def test_golden_samples_notice_a_field_that_went_and_a_field_that_came() -> None:
    schemas, codec = golden.registry()
    sample = golden.golden(schemas[0], codec)
    assert _reads_the_same(sample, codec)
    for change in ({**sample["payload"], "made_up": 1}, dict(list(sample["payload"].items())[1:])):
        assert not _reads_the_same({**sample, "payload": change}, codec)


class OfNoRoom(Refused):
    code = "made up"


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        (unregistered([OrderConfirmed], []), "OrderConfirmed has no stored name"),
        (unregistered([], [CONFIRMED, CONFIRMED]), "('order.confirmed', 1) is there twice"),
        (
            unregistered([], [Schema("OrderConfirmed", 1, OrderConfirmed)]),
            "OrderConfirmed is not <room>.",
        ),
        (unrouted([ConfirmOrder], []), "ConfirmOrder has no route"),
        (unheard([OrderConfirmed], [], {}), "nobody hears OrderConfirmed, and no reason is given"),
        (unheard([OrderConfirmed], [OrderConfirmed], {"OrderConfirmed": "a b c"}), "OrderConfirmed is heard"),
        (unheard([OrderConfirmed], [], {"OrderConfirmed": "later"}), "'later' is no reason"),
        (badly_coded([NotAvailable, NotAvailable]), "stock.not_available is taken twice"),
        (badly_coded([OfNoRoom]), "made up is not <room>.<reason>"),
        (badly_coded([OfNoRoom]), "made up stands in the room architecture"),
        (uncatalogued([NotAvailable], ["stock.unknown"]), "stock.not_available is not in the catalogue"),
    ],
)
def test_a_planted_fault_is_named(faults: Iterator[str], said: str) -> None:
    assert any(said in fault for fault in faults)


def _is_old(kept: dict[str, object]) -> bool:
    return any(schema.type == kept["type"] and schema.version > int(str(kept["schema"])) for schema in EVENTS)


def _stored_again(kept: dict[str, object], codec: Codec) -> object:
    """What today's code stores for the same event: the same, or the class has changed without a new version."""
    event = golden.decoded(kept, codec)
    return json.loads(codec.encode(event, golden.EVENT_ID, golden.key_of(codec, event)))


def _reads_the_same(kept: dict[str, object], codec: Codec) -> bool:
    try:
        return _stored_again(kept, codec) == kept["payload"]
    except PayloadBroken:
        return False
