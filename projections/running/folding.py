"""What do a document's next events make of it? Pure: in position order, each once, stopped by the first poison."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.ports import Doc
from projections.running.projection import AnyProjection, Document, belongs
from write_model.kernel.message import Envelope, Event


@dataclass(frozen=True, slots=True)
class State:
    """A document with the position of the newest event in it. No document: it does not exist (yet, any more)."""

    document: Document | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class Poison:
    """The first event of a key that could not be folded."""

    position: int
    error: str


@dataclass(slots=True)
class Folded:
    state: State
    entries: list[Doc] = field(default_factory=list)
    poison: Poison | None = None


def grouped(projection: AnyProjection, envelopes: Sequence[Envelope[Event]]) -> dict[str, list[Envelope[Event]]]:
    """Events by document, each list in position order."""
    groups: dict[str, list[Envelope[Event]]] = {}
    types, keys_of = projection.types, projection.key
    for envelope in envelopes:
        if type(envelope.event) in types:
            for key in keys_of(envelope):
                group = groups.get(key)
                if group is None:
                    groups[key] = [envelope]
                else:
                    group.append(envelope)
    return groups


def fold(projection: AnyProjection, key: str, state: State, envelopes: Sequence[Envelope[Event]]) -> Folded:
    """The document after these events; what it holds already changes nothing."""
    folded = Folded(state)
    project: Any = projection.project
    document, position = state.document, state.position
    for envelope in envelopes:
        if envelope.position <= position:
            continue
        try:
            document = project(document, envelope, key)
            position = envelope.position
            if projection.entries is not None and document is not None:
                folded.entries += [projection.doc(name, position, made) for name, made in projection.entries(document)]
        except Exception as problem:  # a bug of the fold: this key waits, the others go on
            folded.poison = Poison(envelope.position, f"{type(problem).__name__} in {projection.name}")
            break
    folded.state = State(document, position)
    return folded


def numbered(projection: AnyProjection, envelopes: Sequence[Envelope[Event]]) -> dict[str, Doc]:
    """Documents of a projection that keeps one per event, by key. Raises what the fold raises."""
    docs: dict[str, Doc] = {}
    for envelope in envelopes:
        if belongs(projection, envelope):
            for key in projection.key(envelope):
                docs[key] = projection.doc(key, envelope.position, projection.project(None, envelope, key))
    return docs
