"""What every fold promises, for each projection: a repeat and a replay change nothing, documents survive the stores."""

from collections.abc import Iterator
from typing import Any

import pytest

from projections.main import ALL, NAMES
from projections.order_tracking.timeline import WORDS
from projections.running.folding import State, fold, grouped, numbered
from projections.running.projection import Projection
from tests.kit.builders.story import a_story
from tests.kit.given_view import repeat_changes_nothing, stored
from write_model.handling.registry import EVENTS

EACH = pytest.mark.parametrize("projection", ALL, ids=lambda projection: projection.name)


@EACH
def test_hearing_the_story_again_changes_nothing(projection: Projection[Any]) -> None:
    if not projection.numbered:
        repeat_changes_nothing(projection, *a_story())


@EACH
def test_the_story_gives_every_projection_a_document(projection: Projection[Any]) -> None:
    assert projection.numbered or grouped(projection, stored(*a_story()))
    assert not projection.numbered or numbered(projection, stored(*a_story()))


@EACH
def test_a_fold_in_two_halves_through_the_store_equals_one_fold(projection: Projection[Any]) -> None:
    if projection.numbered:
        return
    for key, envelopes in grouped(projection, stored(*a_story())).items():
        whole = fold(projection, key, State(), envelopes)
        half = fold(projection, key, State(), envelopes[: len(envelopes) // 2])
        doc = projection.doc(key, half.state.position, half.state.document)
        again = State(projection.document(doc), doc.position)
        rest = fold(projection, key, again, envelopes[len(envelopes) // 2 :])
        assert rest.state.document == whole.state.document
        assert half.entries + rest.entries == whole.entries


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from (leaf for name, each in value.items() for leaf in (name, *leaves(each)))
    elif isinstance(value, list | tuple):
        yield from (leaf for each in value for leaf in leaves(each))
    else:
        yield value


@EACH
def test_a_document_holds_json_types_only(projection: Projection[Any]) -> None:
    groups = {} if projection.numbered else grouped(projection, stored(*a_story()))
    docs = [*numbered(projection, stored(*a_story())).values()] if projection.numbered else []
    for key, envelopes in groups.items():
        state = fold(projection, key, State(), envelopes).state
        docs.append(projection.doc(key, state.position, state.document))
    for doc in docs:
        assert set(map(type, leaves([doc.body, doc.columns, doc.rows]))) <= {str, int, bool, type(None)}


def test_every_projection_has_a_name_and_a_target_of_its_own() -> None:
    assert len({projection.name for projection in ALL}) == len(ALL)
    assert len({projection.target for projection in ALL}) == len(ALL)


def test_a_target_carries_its_version() -> None:
    assert all(projection.target == f"{projection.source.view}_v{projection.source.version}" for projection in ALL)


def test_the_timeline_speaks_the_stored_names() -> None:
    stored_names = {schema.cls: schema.type for schema in EVENTS}
    assert {kind: word for kind, (word, _) in WORDS.items()} == {kind: stored_names[kind] for kind in WORDS}


def test_every_event_that_a_projection_hears_is_registered() -> None:
    assert [kind for projection in ALL for kind in projection.handles if kind not in NAMES] == []
