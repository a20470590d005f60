"""How does a process's state stand in its row? As JSON, with the version of its shape and where it all began."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from infra.ports import Effect
from processes.running.messages import Process

S = TypeVar("S")


class StateOfAnotherVersion(Exception):
    """The row was written by code with another shape of the state."""


class Kept(msgspec.Struct, frozen=True):
    """What a row holds. `correlation` is of the event that the process began with."""

    version: int
    correlation: UUID | None
    state: msgspec.Raw


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Kept)


def encode(process: Process[S], correlation: UUID | None, state: S) -> bytes:
    return _ENCODER.encode(Kept(process.version, correlation, msgspec.Raw(_ENCODER.encode(state))))


def decode(process: Process[S], raw: bytes) -> tuple[UUID | None, S]:
    """Raises StateOfAnotherVersion, msgspec.ValidationError."""
    kept = _DECODER.decode(raw)
    if kept.version != process.version:
        raise StateOfAnotherVersion(f"{process.name} has version {process.version}, the row {kept.version}")
    shape: Any = process.state
    state: S = _of(shape).decode(kept.state)
    return kept.correlation, state


@cache
def _of(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


class Because(msgspec.Struct, frozen=True):
    """Why an effect was wished for: the event, and what all began with."""

    causation: UUID | None = None
    correlation: UUID | None = None


class _Payload(msgspec.Struct, frozen=True):
    because: Because = Because()


_PAYLOADS = msgspec.json.Decoder(_Payload)


def because(effect: Effect) -> Because:
    return _PAYLOADS.decode(effect.payload).because


def payload(facts: Mapping[str, object]) -> bytes:
    """An effect's payload as it stands in the outbox."""
    return _ENCODER.encode(facts)
