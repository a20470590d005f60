"""What makes the log tamper-evident? A digest per event and a link per append, made where they can't be forgotten.

The writer makes the digest of an event's content. The appender puts the event's place in its command on top: that is
what is stored, and an event that stands elsewhere than it was put fails by itself. The link covers the rest (positions,
the moment), the digests in their order, and the link before it; `log.append` makes it from the same bytes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from struct import Struct
from uuid import UUID

from infra.ports import NewEvent, Stored

GENESIS = bytes(32)  # the link before the first

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SIZES = Struct(">IIII")  # of the parts whose length varies
_FIXED = Struct(">iiq16s16s")  # version, schema, effective_at, event id, command id
_BEFORE = Struct(">qiq")  # first position, count, recorded_at
_BEHIND = Struct(">I")


def event_digest(
    stream: str,
    version: int,
    type: str,
    schema: int,
    event_id: UUID,
    command_id: UUID,
    effective_at: datetime,
    metadata: bytes,
    payload: bytes,
) -> bytes:
    """SHA-256 over all that its writer stores of an event; every part has a fixed length, or its length before it."""
    name, kind = stream.encode(), type.encode()
    return sha256(
        b"".join(
            (
                _SIZES.pack(len(name), len(kind), len(metadata), len(payload)),
                _FIXED.pack(version, schema, microseconds(effective_at), event_id.bytes, command_id.bytes),
                name,
                kind,
                metadata,
                payload,
            )
        )
    ).digest()


def placed(content: bytes, behind: int) -> bytes:
    """The stored digest: of an event's content, and how many events of its command stand behind it."""
    return sha256(content + _BEHIND.pack(behind)).digest()


def digest(event: NewEvent | Stored, command_id: UUID) -> bytes:
    """What the digest of this event's content must be."""
    return event_digest(
        event.stream,
        event.version,
        event.type,
        event.schema,
        event.event_id,
        command_id,
        event.effective_at,
        event.metadata,
        event.payload,
    )


def link(previous: bytes, first_position: int, recorded_at: datetime, digests: Sequence[bytes]) -> bytes:
    """The link of one append: over the one before, where it begins, how many events, when, and their digests."""
    return sha256(b"".join((link_head(previous, first_position, len(digests), recorded_at), *digests))).digest()


def link_head(previous: bytes, first_position: int, count: int, recorded_at: datetime) -> bytes:
    """The bytes of a link before those of the digests."""
    return previous + _BEFORE.pack(first_position, count, microseconds(recorded_at))


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND
