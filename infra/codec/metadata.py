"""What is said about an event beside it: who, why, because of what, and whose key seals it."""

from uuid import UUID

import msgspec


class ActorOf(msgspec.Struct, frozen=True):
    type: str
    id: str


class Metadata(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Nothing personal stands here."""

    actor: ActorOf
    correlation: UUID
    causation: UUID | None = None
    reason: str | None = None
    trace: str | None = None
    key_id: UUID | None = None
    origin: str | None = None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Metadata)


def encode(metadata: Metadata) -> bytes:
    return _ENCODER.encode(metadata)


def decode(raw: bytes) -> Metadata:
    """Raises msgspec.ValidationError when these are not the bytes of metadata."""
    return _DECODER.decode(raw)
