"""What is handed to the bus, and what it hands back."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from write_model.kernel.ids import identity
from write_model.kernel.message import Actor, Command


class Request(Struct, frozen=True, kw_only=True):
    """One command with who sends it, and how to recognise it when it comes again."""

    command: Command
    caller: str  # the scope of the key: "customer:<id>", "session:<id>", "process:<name>"
    actor: Actor
    permissions: frozenset[str] = frozenset()  # of staff
    session: UUID | None = None  # the cart session that the caller holds
    key: str | None = None  # None: sent once, never recognised
    fingerprint: bytes = b""  # of the command's body; b"": made from the command
    expected: int | None = None  # the version of the answered stream that the caller has seen
    correlation: UUID | None = None  # None: the command starts something
    causation: UUID | None = None  # the event that led to it
    reason: str | None = None
    trace: str | None = None
    origin: str | None = None  # "import"
    effective_at: datetime | None = None  # when it was true in the world; None: now


class Answer(Struct, frozen=True, kw_only=True):
    """What became of it: the answered aggregate after it."""

    version: int
    position: int  # a read that has seen this position has seen the command
    status: str
    replayed: bool  # the command was accepted before
    body: Mapping[str, object]  # JSON types, made by the room's `public.answer`
    stream: str

    @property
    def id(self) -> UUID:
        """Of the answered aggregate."""
        return identity(self.stream)
