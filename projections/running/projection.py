"""What is a projection? A name, a fold, and which stores keep its documents. Nothing here touches a store."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import msgspec

from infra.ports import Copy, Doc
from infra.view_names import in_generation
from write_model.kernel.message import Envelope, Event

MONGO, SQL = "mongo", "sql"
HOUR, WEEK = 3_600, 7 * 86_400  # seconds

D = TypeVar("D", bound=msgspec.Struct)

NOTHING: Mapping[str, Any] = {}


class Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A document as it is stored and served: JSON types, ids and times as text."""


@dataclass(frozen=True, slots=True)
class Source(Generic[D]):
    """Where documents of one kind stand, for those who read them."""

    view: str
    document: type[D]
    stores: tuple[str, ...] = (MONGO,)
    version: int = 1
    generation: int | None = None  # none: whichever is live, where it is read

    @property
    def family(self) -> str:
        """The name that all of its generations share."""
        return f"{self.view}_v{self.version}"

    @property
    def target(self) -> str:
        """The name of collection and table: it carries version and generation."""
        return in_generation(self.family, self.generation or 0)

    def at(self, generation: int) -> "Source[D]":
        """The same in one generation, whatever is live."""
        return replace(self, generation=generation)


def no_columns(_: Any) -> Mapping[str, Any]:
    return NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection(Generic[D]):
    """One question's fold. Key, project and entries are pure; the position guards are the runner's."""

    name: str  # of the room
    source: Source[D]
    handles: tuple[type[Event], ...]
    key: Callable[[Any], Sequence[str]]  # envelope → the documents it belongs to
    project: Callable[[D | None, Any, str], D | None]  # document, envelope, key → document
    columns: Callable[[D], Mapping[str, object]] = no_columns  # queried by in SQL
    rows: Callable[[D], Mapping[str, Sequence[Mapping[str, object]]]] = no_columns  # child rows in SQL, by table
    children: Sequence[str] = ()  # the tables of the child rows
    copies: Callable[[D | None, str, int], Sequence[Copy]] | None = None  # document, key, position → Redis
    streams: Callable[[str, D | None], Collection[str]] | None = None  # whose events make it: offers as-of
    entries: Callable[[D], Sequence[tuple[str, Document]]] | None = None  # after each event: documents of their own
    nudge: str | None = None  # channel that is told after each commit
    numbered: bool = False  # one document per event, under its position: never loaded to be folded
    indexes: Sequence[Sequence[tuple[str, int]]] = ()  # of the collection: fields with 1 (rising) or -1
    keep_days: int | None = None  # documents older than this go (by `recordedAt`)
    gathers: float = 0.0  # seconds between two batches at the log's end: for views that nobody waits for
    types: frozenset[type] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "types", frozenset(self.handles))

    @property
    def target(self) -> str:
        return self.source.target

    def at(self, generation: int) -> "Projection[D]":
        """The same fold into one generation."""
        return replace(self, source=self.source.at(generation))

    def doc(self, key: str, position: int, document: Document | D | None, *, stale: bool = False) -> Doc:
        """The document as stores take it."""
        if document is None:
            return Doc(key=key, position=position, body=None, stale=stale)
        body = msgspec.to_builtins(document)
        if not isinstance(document, self.source.document):
            return Doc(key=key, position=position, body=body, stale=stale)
        return Doc(
            key=key,
            position=position,
            body=body,
            columns=self.columns(document),
            rows=self.rows(document),
            stale=stale,
        )

    def document(self, doc: Doc) -> D | None:
        """The document that a store gave back."""
        return None if doc.body is None else msgspec.convert(doc.body, self.source.document, strict=True)


AnyProjection = Projection[Any]


def rfc3339(moment: datetime) -> str:
    """A moment as text of one length, so that texts sort as moments do."""
    text = (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat(timespec="microseconds")
    return f"{text[:-6]}Z"


def belongs(projection: AnyProjection, envelope: Envelope[Event]) -> bool:
    """Whether the projection folds this kind of event."""
    return type(envelope.event) in projection.types
