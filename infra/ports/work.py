"""What is asked of the store in which processes keep their work."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Leases(Protocol):
    async def take(self, name: str, worker: str, seconds: float) -> int | None:
        """A fencing number higher than all before, or None while another holds the lease."""

    async def renew(self, name: str, fence: int, seconds: float) -> bool: ...

    async def give(self, name: str, fence: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ProcessRow:
    key: str
    version: int  # 0: not stored yet
    state: bytes  # JSON
    deadline: datetime | None = None
    last_error: str | None = None
    parked_at: int | None = None  # position of the event that could not be handled


@dataclass(frozen=True, slots=True)
class Timer:
    process: str
    key: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewEffect:
    """A call on the outside world that is wished for. The payload names positions and ids, never personal data."""

    id: UUID
    process: str
    key: str
    kind: str
    idempotency_key: str
    payload: bytes  # JSON


@dataclass(frozen=True, slots=True)
class Effect:
    """A leased outbox row."""

    id: UUID
    process: str
    key: str
    kind: str
    idempotency_key: str
    payload: bytes
    attempts: int  # with this one
    fence: int


@dataclass(frozen=True, slots=True)
class Parked:
    """A key that waits for an operator, with the first event that could not be handled."""

    name: str  # of the process or view
    key: str
    position: int
    error: str


class WorkStore(Protocol):
    async def position(self, process: str) -> int: ...

    async def load(self, process: str, keys: Collection[str]) -> Mapping[str, ProcessRow]: ...

    async def save(
        self,
        process: str,
        fence: int,
        position: int,
        rows: Sequence[ProcessRow],
        timers: Sequence[Timer],
        effects: Sequence[NewEffect],
        rung: Sequence[Timer] = (),
    ) -> None:
        """One transaction: states, position, timers (a later one of the same name replaces it), outbox; `rung` go.

        Raises Fenced.
        """

    async def due_timers(self, process: str, now: datetime, limit: int) -> Sequence[Timer]: ...

    async def parked(self) -> Sequence[Parked]: ...

    async def release(self, process: str, key: str) -> None:
        """Let a parked key go on: its runner handles the events that have waited, in order."""

    async def released(self, process: str) -> Sequence[Parked]:
        """Keys that were let go and have not been taken up yet."""

    async def due_effects(self, limit: int) -> Sequence[UUID]:
        """Ids of effects whose next attempt is due and that nobody has leased."""

    async def take_effect(self, effect_id: UUID, worker: str, seconds: float) -> Effect | None:
        """Lease one (database clock). None: closed, not due, or somebody else's."""

    async def finish_effect(self, effect_id: UUID, fence: int, state: str, outcome: bytes) -> None:
        """Close it as SUCCEEDED, FAILED or UNKNOWN. Raises Fenced."""

    async def retry_effect(self, effect_id: UUID, fence: int, after_seconds: float, error: str) -> None:
        """Give it back for a later attempt. Raises Fenced."""

    async def end_leases(self, worker: str) -> int:
        """Of a worker that was started again and has nothing under way: others may take its effects. How many."""


class Broker(Protocol):
    async def wake(self, effect_id: UUID) -> None:
        """Tell some worker that this effect may be due. May be lost: the sweeper says it again."""
