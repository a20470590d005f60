"""What makes the log tamper-evident? A digest per event, made by the writer, and a link per append, made by the log.

The digest covers every column that the writer sets; the link covers the rest (positions, the moment) and the digests
in their order, and the link before it. The SQL function `log.append` makes the same link from the same bytes.
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
_BEFORE = Struct(">qiq")


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


def digest(event: NewEvent | Stored, command_id: UUID) -> bytes:
    """What the digest of this event must be."""
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
    before = _BEFORE.pack(first_position, len(digests), microseconds(recorded_at))
    return sha256(b"".join((previous, before, *digests))).digest()


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND
