"""How did a document stand at a past moment? Folded from the streams that it names, with its projection's own fold."""

from datetime import datetime
from typing import Any, TypeVar

from infra.ports import LogReader
from projections.running.projection import Document, Projection
from projections.running.reading import Found
from write_model.handling.coding import Decode
from write_model.kernel.message import Envelope, Event

D = TypeVar("D", bound=Document)


class NotOffered(Exception):
    """This projection has no past: it does not say which streams a document is made of."""


async def build_document_at(
    projection: Projection[D],
    key: str,
    at: int | datetime,
    reader: LogReader,
    decode: Decode,
    document: D | None = None,
) -> Found[D] | None:
    """The document at a position, or as we knew it at a recorded time; None: it did not exist then.

    `document`: the live one, where its own events don't name all of its streams. Raises NotOffered, Unavailable.
    """
    if projection.streams is None:
        raise NotOffered(projection.name)
    head = await reader.head()
    known: dict[str, list[Envelope[Event]]] = {}
    names = dict.fromkeys(projection.streams(key, document))
    folded: Found[D] | None = None
    while missing := [name for name in names if name not in known]:
        known |= {name: [] for name in missing}
        rows = await reader.streams(dict.fromkeys(missing, 0))
        for envelope in await decode(rows):
            known[envelope.stream].append(envelope)
        folded = _fold(projection, key, at, [envelope for each in known.values() for envelope in each], head)
        names |= dict.fromkeys(projection.streams(key, None if folded is None else folded.document))
    return folded


def _fold(
    projection: Projection[D], key: str, at: int | datetime, envelopes: list[Envelope[Event]], head: int
) -> Found[D] | None:
    document: D | None = None
    project: Any = projection.project
    for envelope in sorted(envelopes, key=lambda envelope: envelope.position):
        past = envelope.position > at if isinstance(at, int) else envelope.recorded_at > at
        if not past and type(envelope.event) in projection.types and key in projection.key(envelope):
            document = project(document, envelope, key)
    position = min(at, head) if isinstance(at, int) else _position_at(envelopes, at, head)
    return None if document is None else Found(document, position)


def _position_at(envelopes: list[Envelope[Event]], at: datetime, head: int) -> int:
    """Of the newest of its events until then."""
    return max((envelope.position for envelope in envelopes if envelope.recorded_at <= at), default=head)
