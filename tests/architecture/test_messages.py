"""Is every message registered, readable for ever, heard or explained, and every refusal known to the edges?"""

import json
import re
from collections import Counter
from importlib import import_module

from infra.codec.json_codec import Codec, PayloadBroken
from infra.ports import Schema
from tests.architecture.code import CATALOGUE, ROOT, commands, events, refusals, written
from tests.architecture.unheard import UNHEARD
from tools import golden
from tools.errors_page import catalogue
from tools.map import processes, projections
from write_model.kernel.message import Event

KEPT = ROOT / golden.FOLDER


def test_every_event_is_registered_under_a_name_of_its_own() -> None:
    schemas = golden.registry()[0]
    assert {schema.cls.__name__ for schema in schemas} >= {cls.__name__ for cls in events()}
    named = Counter((schema.type, schema.version) for schema in schemas)
    assert [name for name, times in named.items() if times > 1] == []
    assert [schema.type for schema in schemas if not re.fullmatch(r"[a-z_]+\.[a-z_]+", schema.type)] == []


def test_every_command_has_a_route() -> None:
    routed = set(import_module("write_model.handling.registry").COMMANDS)
    assert {cls.__name__ for cls in commands() - routed} == set()


def test_every_stored_version_has_a_golden_sample_and_no_sample_is_left_over() -> None:
    names = {golden.file_name(schema) for schema in golden.registry()[0]}
    assert {file.name for file in KEPT.glob("*.json")} == names


def test_a_golden_sample_says_what_it_always_said() -> None:
    schemas, codec = golden.registry()
    for file in sorted(KEPT.glob("*.json")):
        kept = json.loads(file.read_text())
        assert golden.plain(golden.decoded(kept, codec)) == kept["event"], file.name
        assert _is_old(kept, schemas) or _stored_again(kept, codec) == kept["payload"], file.name


def test_every_event_is_heard_or_the_reason_why_not_is_given() -> None:
    if written("projections.main", "processes.main"):
        heard = {event for one in [*projections(ROOT), *processes(ROOT)] for event in one.heard}
        assert {cls.__name__ for cls in events() - heard} == set(UNHEARD)
        assert all(len(reason) > 10 for reason in UNHEARD.values())


def test_every_view_is_run_by_the_main() -> None:
    if written("projections.main"):
        run = {getattr(one, "name", one) for one in import_module("projections.main").ALL}
        assert {one.name for one in projections(ROOT)} == run


def test_a_refusal_has_a_code_of_its_own_that_names_its_room() -> None:
    codes = Counter(cls.code for cls in refusals())
    assert [code for code, times in codes.items() if times > 1] == []
    assert [code for code in codes if not re.fullmatch(r"[a-z_]+\.[a-z_]+", code)] == []
    inside = [cls for cls in refusals() if cls.__module__.split(".")[1] not in ("handling", "checkout")]
    assert [cls.code for cls in inside if cls.__module__.split(".")[1] != cls.code.split(".")[0]] == []


def test_every_refusal_stands_in_the_catalogue() -> None:
    if written(CATALOGUE):
        assert {cls.code for cls in refusals()} - set(catalogue()) == set()


def test_golden_samples_notice_a_field_that_went_and_a_field_that_came() -> None:
    """A planted change of an event class is seen."""
    schemas, codec = golden.registry()
    sample = golden.golden(schemas[0], codec)
    for change in ({**sample["payload"], "made_up": 1}, dict(list(sample["payload"].items())[1:])):
        assert not _reads_the_same({**sample, "payload": change}, codec)


def _is_old(kept: dict[str, object], schemas: tuple[Schema, ...]) -> bool:
    return any(schema.type == kept["type"] and schema.version > int(str(kept["schema"])) for schema in schemas)


def _stored_again(kept: dict[str, object], codec: Codec) -> object:
    """What today's code stores for the same event: the same, or the class has changed without a new version."""
    event: Event = golden.decoded(kept, codec)
    return json.loads(codec.encode(event, golden.EVENT_ID, golden.key_of(codec, event)))


def _reads_the_same(kept: dict[str, object], codec: Codec) -> bool:
    try:
        return _stored_again(kept, codec) == kept["payload"]
    except PayloadBroken:
        return False
