"""Do the checker's folds and the projections' agree, on whatever happens in whatever order?

They share no code. Where they differ one of them is wrong, and the checker would tell lies or miss the truth.
"""

import types
from dataclasses import fields, is_dataclass, replace
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID, uuid5

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.main import ALL
from projections.running.folding import State, fold
from projections.running.projection import Projection, belongs
from tests.checker.findings import Findings
from tests.checker.folds.view import SQL
from tests.checker.folds.views import Folded
from tests.checker.happened import Happened, rfc3339
from tests.kit.builders.story import a_story
from tests.kit.examples import examples
from tests.kit.given_view import NAMES, stored
from tools.golden import sample
from write_model.kernel.message import Envelope, Event

GROUPS = [  # rooms whose events meet in a document
    [cls for cls, name in NAMES.items() if name.startswith(rooms)]
    for rooms in (("product.", "review."), ("stock.",), ("cart.",), ("order.", "payment."), ("payment.",), ("order.",))
]
GROUPS.append([cls for cls, name in NAMES.items() if name.startswith(("customer.", "notification."))])
WORDS = {
    "origin_status": ["shipped", "delivered", "canceled", "created"],
    "warehouse": ["main", "main", "other"],
    "channel": ["in_app", "email"],
}


@st.composite
def facts(draw: st.DrawFn, kinds: list[type[Any]]) -> Event:
    """An event of one of these kinds, its ids out of few, with amounts and gaps as chance has it."""
    event: Event = _varied(draw, sample(draw(st.sampled_from(kinds))))
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


HISTORIES = st.sampled_from(GROUPS).flatmap(lambda kinds: st.lists(facts(kinds), min_size=25, max_size=50))


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


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(history=HISTORIES)
def test_both_folds_make_the_same_of_whatever_happens(history: list[Event]) -> None:
    findings = Findings()
    folded = Folded(findings)
    states: dict[tuple[str, str], State] = {}
    for envelope in stored(*a_story(), *history):
        folded.apply(_happened(envelope))
        for projection in ALL:
            if belongs(projection, envelope):
                for key in projection.key(envelope):
                    _agree(projection, envelope, key, states, folded)
    assert findings.violations == []


def _agree(
    projection: Projection[Any],
    envelope: Envelope[Any],
    key: str,
    states: dict[tuple[str, str], State],
    folded: Folded,
) -> None:
    """The document after this event."""
    done = fold(projection, key, states.get((projection.name, key), State()), [envelope])
    assert done.poison is None, done.poison
    states[projection.name, key] = done.state
    view, document = folded.views[projection.source.view], done.state.document
    ours = folded.documents[view.name]
    for doc in (projection.doc(key, done.state.position, document), *done.entries):
        assert ours[doc.key] == (_plain(doc.body), doc.position)
    mine = ours[key][0]
    if document is None or mine is None:
        return
    if SQL in view.stores:
        assert view.columns(mine) == projection.columns(document)
        assert view.rows(mine) == _plain(projection.rows(document))
    if projection.copies is not None and view.copy_names is not None:
        made = projection.copies(document, key, envelope.position)
        assert list(view.copy_names(mine)) == [copy.key for copy in made if copy.body is not None]


def _plain(value: Any) -> Any:
    """As JSON has it."""
    return msgspec.json.decode(msgspec.json.encode(value))
