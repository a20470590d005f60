"""What processes keep, in memory: the same contract as schema `work`, for unit tests and the simulation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from infra.ports import Effect, Fenced, NewEffect, Parked, ProcessRow, Timer


class _Clock(Protocol):
    async def now(self) -> datetime: ...


@dataclass
class _Held:
    worker: str
    fence: int
    until: datetime | None  # None: given back


class MemoryLeases:
    """Implements Leases, on the clock that it is given."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock
        self._held: dict[str, _Held] = {}

    async def take(self, name: str, worker: str, seconds: float) -> int | None:
        now = await self._clock.now()
        held = self._held.get(name)
        if held is not None and held.until is not None and held.until > now and held.worker != worker:
            return None
        fence = 1 if held is None else held.fence + 1
        self._held[name] = _Held(worker, fence, now + timedelta(seconds=seconds))
        return fence

    async def renew(self, name: str, fence: int, seconds: float) -> bool:
        now = await self._clock.now()
        held = self._held.get(name)
        if held is None or held.fence != fence:
            return False
        held.until = now + timedelta(seconds=seconds)
        return True

    async def give(self, name: str, fence: int) -> None:
        held = self._held.get(name)
        if held is not None and held.fence == fence:
            held.until = None


@dataclass
class OutboxRow:
    """An effect with how it stands."""

    effect: NewEffect
    state: str  # REQUESTED, LEASED, SUCCEEDED, FAILED, UNKNOWN
    next_attempt_at: datetime
    attempts: int = 0
    fence: int = 0
    worker: str | None = None
    lease_until: datetime | None = None
    last_error: str | None = None
    outcome: bytes | None = None


class MemoryWork:
    """Implements WorkStore. `outbox` may be looked at by tests."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock
        self._checkpoints: dict[str, tuple[int, int]] = {}  # process: position, fence
        self._rows: dict[tuple[str, str], ProcessRow] = {}
        self._timers: dict[tuple[str, str, str], Timer] = {}
        self.outbox: dict[UUID, OutboxRow] = {}

    async def position(self, process: str) -> int:
        return self._checkpoints.get(process, (0, 0))[0]

    async def load(self, process: str, keys: Collection[str]) -> Mapping[str, ProcessRow]:
        return {key: self._rows[process, key] for key in keys if (process, key) in self._rows}

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
        """All of it in one turn of the loop. Raises Fenced."""
        now = await self._clock.now()
        stands, newest = self._checkpoints.get(process, (0, 0))
        if fence < newest or position < stands:
            raise Fenced(f"{process}: another has taken over")
        self._checkpoints[process] = (position, fence)
        for row in rows:
            self._rows[process, row.key] = row
        for timer in rung:
            if self._timers.get((process, timer.key, timer.name)) == timer:
                del self._timers[process, timer.key, timer.name]
        for timer in timers:
            self._timers[process, timer.key, timer.name] = timer
        for effect in effects:
            self.outbox.setdefault(effect.id, OutboxRow(effect, "REQUESTED", now))

    async def due_timers(self, process: str, now: datetime, limit: int) -> Sequence[Timer]:
        due = [
            timer
            for timer in self._timers.values()
            if timer.process == process and timer.at <= now and not self._is_parked(process, timer.key)
        ]
        return sorted(due, key=lambda timer: (timer.at, timer.key, timer.name))[:limit]

    async def parked(self) -> Sequence[Parked]:
        return [
            Parked(process, row.key, row.parked_at, row.last_error)
            for (process, _), row in sorted(self._rows.items())
            if row.parked_at is not None and row.last_error is not None
        ]

    async def release(self, process: str, key: str) -> None:
        row = self._rows.get((process, key))
        if row is not None and row.parked_at is not None:
            self._rows[process, key] = replace(row, last_error=None)

    async def released(self, process: str) -> Sequence[Parked]:
        found = [
            Parked(process, row.key, row.parked_at, "")
            for (name, _), row in self._rows.items()
            if name == process and row.parked_at is not None and row.last_error is None
        ]
        return sorted(found, key=lambda each: each.position)

    async def due_effects(self, limit: int) -> Sequence[UUID]:
        now = await self._clock.now()
        due = [row for row in self.outbox.values() if _is_due(row, now)]
        return [row.effect.id for row in sorted(due, key=lambda row: row.next_attempt_at)[:limit]]

    async def take_effect(self, effect_id: UUID, worker: str, seconds: float) -> Effect | None:
        now = await self._clock.now()
        row = self.outbox.get(effect_id)
        if row is None or not _is_due(row, now):
            return None
        row.state, row.worker, row.lease_until = "LEASED", worker, now + timedelta(seconds=seconds)
        row.attempts += 1
        row.fence += 1
        wish = row.effect
        return Effect(
            effect_id, wish.process, wish.key, wish.kind, wish.idempotency_key, wish.payload, row.attempts, row.fence
        )

    async def finish_effect(self, effect_id: UUID, fence: int, state: str, outcome: bytes) -> None:
        row = self._leased(effect_id, fence)
        row.state, row.outcome, row.lease_until = state, outcome, None

    async def retry_effect(self, effect_id: UUID, fence: int, after_seconds: float, error: str) -> None:
        now = await self._clock.now()
        row = self._leased(effect_id, fence)
        row.state, row.last_error, row.lease_until = "REQUESTED", error, None
        row.next_attempt_at = now + timedelta(seconds=after_seconds)

    async def end_leases(self, worker: str) -> int:
        now = await self._clock.now()
        ended = 0
        for row in self.outbox.values():
            if row.state == "LEASED" and row.worker == worker and row.lease_until is not None and row.lease_until > now:
                row.lease_until = now
                ended += 1
        return ended

    def _leased(self, effect_id: UUID, fence: int) -> OutboxRow:
        row = self.outbox.get(effect_id)
        if row is None or row.state != "LEASED" or row.fence != fence:
            raise Fenced(f"effect {effect_id}")
        return row

    def _is_parked(self, process: str, key: str) -> bool:
        row = self._rows.get((process, key))
        return row is not None and row.parked_at is not None


def _is_due(row: OutboxRow, now: datetime) -> bool:
    if row.state == "LEASED":
        return row.lease_until is not None and row.lease_until <= now
    return row.state == "REQUESTED" and row.next_attempt_at <= now
