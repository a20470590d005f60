"""What is asked of the log: rows that are stored once, and what is said to who stores them."""

import builtins
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Schema:
    """One stored version of one event: its name for ever, its class today, and whose data it holds."""

    type: str  # "<room>.<past_participle>"
    version: int
    cls: builtins.type[Any]  # the event class of today
    subject_field: str | None = None  # the field with the data subject's id
    personal_fields: tuple[str, ...] = ()  # sealed with the subject's key


class NewEvent(NamedTuple):
    """An encoded event, ready to be stored."""

    stream: str
    version: int  # the one it will have
    type: str
    schema: int
    event_id: UUID
    effective_at: datetime
    metadata: bytes
    payload: bytes
    digest: bytes  # infra.event_log.chain.event_digest of the above and the command id; b"": the appender makes it


class Append(NamedTuple):
    """One command's events. `expected` names every stream that was loaded, written or not (0: it does not exist)."""

    command_id: UUID
    fingerprint: bytes
    expected: Mapping[str, int]
    events: Sequence[NewEvent]
    answer: bytes  # stored with the events; the position is added by the reader


class Accepted(NamedTuple):
    position: int  # of the command's last event


@dataclass(frozen=True, slots=True)
class Replayed:
    """The command id was accepted before: nothing was appended."""

    position: int
    fingerprint: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class Conflict:
    heads: Mapping[str, int]  # the true versions of the streams that differ


@dataclass(frozen=True, slots=True)
class Unknown:
    """The commit may or may not have happened: ask `LogReader.answer`."""

    reason: str


Verdict = Accepted | Replayed | Conflict | Unknown


class Stored(NamedTuple):
    """A row of the log."""

    position: int
    stream: str
    version: int
    type: str
    schema: int
    event_id: UUID
    command_id: UUID
    recorded_at: datetime
    effective_at: datetime
    metadata: bytes
    payload: bytes
    digest: bytes


class Busy(Exception):
    """A bounded queue is full. Nothing was done."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class Fenced(Exception):
    """The lease of the writer has passed to another: nothing was written."""


class Unavailable(Exception):
    """A store can't be reached now. Nothing is known to have been done."""


class Appender(Protocol):
    async def append(self, command: Append) -> Verdict:
        """Store all events of the command, or none.

        Raises Busy above the queue's bound, Unavailable when it was certainly not stored.
        """


class LogReader(Protocol):
    async def head(self) -> int: ...

    async def read(self, after: int, limit: int, types: Collection[str] = ()) -> Sequence[Stored]:
        """Rows in position order; no types: all of them."""

    async def stream(self, name: str, after_version: int = 0, up_to: int | None = None) -> Sequence[Stored]:
        """One stream in version order."""

    async def streams(self, after_versions: Mapping[str, int]) -> Sequence[Stored]:
        """Several streams at once, each past its version, in version order per stream."""

    async def wait(self, after: int, seconds: float) -> int:
        """Until the head is past `after`, at most so long; the head."""

    async def answer(self, command_id: UUID) -> Replayed | None: ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    version: int
    state: bytes


class Snapshots(Protocol):
    async def load(self, stream: str, state_version: int) -> Snapshot | None: ...

    async def save(self, stream: str, state_version: int, snapshot: Snapshot) -> None: ...
