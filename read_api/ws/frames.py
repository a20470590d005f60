"""What stands in a frame, in and out? JSON objects in one envelope, version 1; the names are documented as AsyncAPI."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

VERSION = 1
LONGEST = 16_384  # bytes of an incoming frame
MOST_VARIANTS = 50
MOST_CHANNELS = 100

Position = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class BadFrame(Exception):
    """An incoming frame that can't be read. `code` is of the error catalogue."""

    def __init__(self, code: str, message: str, reply_to: str | int | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.reply_to = code, message, reply_to


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    pass


class OrderRef(_Strict, frozen=True):
    """Of join:order, track:order and leave:order. `position`: the snapshot is at least as new."""

    order_id: UUID
    position: Position = 0


class Variants(_Strict, frozen=True):
    """Of join:stock and leave:stock."""

    variant_ids: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MOST_VARIANTS)]
    position: Position = 0


class Resume(_Strict, frozen=True):
    """Everything after `position` on these channels, then live."""

    position: Position
    channels: Annotated[tuple[str, ...], Meta(max_length=MOST_CHANNELS)] = ()


class Auth(_Strict, frozen=True):
    """Another token for the same connection."""

    token: str


class Nothing(_Strict, frozen=True):
    """Of ping."""


Data = OrderRef | Variants | Resume | Auth | Nothing
DATA: Mapping[str, type[OrderRef] | type[Variants] | type[Resume] | type[Auth] | type[Nothing]] = {
    "join:order": OrderRef,
    "track:order": OrderRef,
    "leave:order": OrderRef,
    "join:stock": Variants,
    "leave:stock": Variants,
    "resume": Resume,
    "auth": Auth,
    "ping": Nothing,
}


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    v: int = VERSION
    id: str | int | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


@dataclass(frozen=True, slots=True)
class Incoming:
    type: str
    id: str | int | None  # given back as `id` of the ack or error
    data: Data


def read(raw: str | bytes) -> Incoming:
    """Raises BadFrame: not JSON, unknown fields, a wrong JSON type, an unknown type or version."""
    try:
        envelope = msgspec.json.decode(raw, type=_Envelope)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise BadFrame("edge.frame_invalid", str(problem)) from None
    if envelope.v != VERSION:
        raise BadFrame("edge.frame_version", f"version {VERSION} is spoken here", envelope.id)
    shape = DATA.get(envelope.type)
    if shape is None:
        raise BadFrame("edge.frame_unknown", f"known types: {', '.join(sorted(DATA))}", envelope.id)
    try:
        data = msgspec.json.decode(envelope.data, type=shape)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise BadFrame("edge.frame_invalid", str(problem), envelope.id) from None
    return Incoming(envelope.type, envelope.id, data)


def write(
    type_: str,
    *,
    id_: str | int | None = None,
    channel: str | None = None,
    seq: int = 0,
    position: int | None = None,
    occurred_at: str | None = None,
    data: Mapping[str, object] | None = None,
) -> str:
    """One outgoing frame. `seq` counts the frames of the connection, `position` is the log's."""
    return msgspec.json.encode(
        {
            "v": VERSION,
            "type": type_,
            "id": id_,
            "channel": channel,
            "seq": seq,
            "position": position,
            "occurredAt": occurred_at,
            "data": data or {},
        }
    ).decode()
