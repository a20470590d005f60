"""Do the checker's folds and the projections' agree, on whatever happens in whatever order?

They share no code. Where they differ one of them is wrong, and the checker would tell lies or miss the truth.
"""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID, uuid5

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.main import ALL
from projections.running.folding import State, fold, grouped, numbered
from projections.running.projection import Projection
from tests.checker.findings import Findings
from tests.checker.folds.view import SQL
from tests.checker.folds.views import Folded
from tests.checker.happened import Happened, rfc3339
from tests.kit.builders.story import a_story
from tests.kit.given_view import NAMES, stored
from tools.golden import sample
from write_model.kernel.message import Envelope, Event

KINDS = [cls for cls, name in NAMES.items() if not name.startswith("provider_event")]
WORDS = {
    "origin_status": ["shipped", "delivered", "canceled", "created"],
    "warehouse": ["main", "main", "other"],
    "channel": ["in_app", "email"],
}
Body = Mapping[str, Any]


@st.composite
def facts(draw: st.DrawFn) -> Event:
    """An event of any kind, its ids out of few, with amounts and gaps as chance has it."""
    event: Event = _varied(draw, sample(draw(st.sampled_from(KINDS))))
    return event


def _varied(draw: st.DrawFn, value: Any) -> Any:
    changes: dict[str, Any] = {}
    hints = get_type_hints(type(value))
    for each in fields(value):
        old, hint = getattr(value, each.name), hints[each.name]
        is_optional = get_origin(hint) in (Union, types.UnionType) and types.NoneType in get_args(hint)
        if is_optional and draw(st.booleans()):
            changes[each.name] = None
        elif isinstance(old, UUID):
            changes[each.name] = uuid5(old, str(draw(st.integers(0, 1))))
        elif isinstance(old, int) and not isinstance(old, bool):
            changes[each.name] = draw(st.sampled_from([0, 1, 2, 1250]))
        elif each.name in WORDS:
            changes[each.name] = draw(st.sampled_from(WORDS[each.name]))
        elif is_dataclass(old):
            changes[each.name] = _varied(draw, old)
        elif isinstance(old, tuple) and old:
            changes[each.name] = tuple(_line(draw, old[0]) for _ in range(draw(st.integers(0, 3))))
    return replace(value, **changes)


def _line(draw: st.DrawFn, old: Any) -> Any:
    return _varied(draw, old) if is_dataclass(old) else uuid5(old, str(draw(st.integers(0, 1))))


HISTORIES = st.lists(facts(), min_size=1, max_size=30)


def _happened(envelope: Envelope[Any]) -> Happened:
    """As the checker reads it from the log, with everything personal opened."""
    return Happened(
        position=envelope.position,
        stream=envelope.stream,
        version=envelope.version,
        type=NAMES[type(envelope.event)],
        event_id=envelope.event_id,
        command_id=envelope.command_id,
        at=rfc3339(envelope.effective_at),
        recorded_at=rfc3339(envelope.recorded_at),
        actor_type=envelope.actor.type,
        actor_id=envelope.actor.id,
        origin=None,
        data=msgspec.json.decode(msgspec.json.encode(envelope.event)),
    )


def _theirs(projection: Projection[Any], envelopes: list[Envelope[Any]]) -> dict[str, tuple[Body | None, int, Any]]:
    """Key → body, position and the document, by the platform's own fold."""
    if projection.numbered:
        return {key: (doc.body, doc.position, None) for key, doc in numbered(projection, envelopes).items()}
    found: dict[str, tuple[Body | None, int, Any]] = {}
    for key, of_key in grouped(projection, envelopes).items():
        done = fold(projection, key, State(), of_key)
        assert done.poison is None, done.poison
        doc = projection.doc(key, done.state.position, done.state.document)
        found[key] = doc.body, doc.position, done.state.document
        found |= {entry.key: (entry.body, entry.position, None) for entry in done.entries}
    return found


@settings(max_examples=100, deadline=None)
@given(history=HISTORIES)
def test_both_folds_make_the_same_of_whatever_happens(history: list[Event]) -> None:
    envelopes = stored(*a_story(), *history)
    findings = Findings()
    folded = Folded(findings)
    for envelope in envelopes:
        folded.apply(_happened(envelope))

    assert findings.violations == []
    for projection in ALL:
        _agree(projection, envelopes, folded)


def _agree(projection: Projection[Any], envelopes: list[Envelope[Any]], folded: Folded) -> None:
    view = folded.views[projection.source.view]
    ours, theirs = folded.documents[view.name], _theirs(projection, envelopes)
    assert ours == {key: (_plain(body), position) for key, (body, position, _) in theirs.items()}
    for key, (body, position, document) in theirs.items():
        mine = ours[key][0]
        if document is None or body is None or mine is None:
            continue
        if SQL in view.stores:
            assert view.columns(mine) == projection.columns(document)
            assert view.rows(mine) == _plain(projection.rows(document))
        if projection.copies is not None and view.copy_names is not None:
            made = projection.copies(document, key, position)
            assert list(view.copy_names(mine)) == [copy.key for copy in made if copy.body is not None]


def _plain(value: Any) -> Any:
    """As JSON has it."""
    return msgspec.json.decode(msgspec.json.encode(value))
