"""Where do processes keep what they know? States, timers and the outbox in schema `work`, saved in one call."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.ports import Effect, Fenced, NewEffect, Parked, ProcessRow, Timer
from infra.postgres.encoding import BIGINT, BIGINTS, DOUBLE, ID, IDS, INTS, MOMENT, MOMENTS, TEXT, TEXTS, Kind
from infra.postgres.leases import PostgresLeases
from infra.postgres.questions import Question
from infra.postgres.reachable import reachable

__all__ = ["PostgresLeases", "PostgresWorkStore"]

R = TypeVar("R")
_SAVE = (
    "select work.save($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
    [
        *(TEXT, BIGINT, BIGINT),  # process, fence, position
        *(TEXTS, INTS, TEXTS, MOMENTS, TEXTS, BIGINTS),  # states
        *(TEXTS, TEXTS, MOMENTS),  # timers that have rung
        *(TEXTS, TEXTS, MOMENTS),  # timers that are wished for
        *(IDS, TEXTS, TEXTS, TEXTS, TEXTS),  # effects
    ],
)
_POSITION = "select position from work.checkpoints where process = $1", [TEXT]
_LOAD = (
    "select key, version, state::text, deadline, last_error, parked_at from work.process_state"
    " where process = $1 and key = any ($2)",
    [TEXT, TEXTS],
)
_DUE_TIMERS = (
    """
select key, name, at from work.timers t where process = $1 and at <= $2 and not exists (
    select from work.process_state s where s.process = t.process and s.key = t.key and s.parked_at is not null
) order by at, key, name limit $3
""",
    [TEXT, MOMENT, BIGINT],
)
_PARKED: tuple[str, list[Kind]] = (
    """
select process, key, parked_at, last_error from work.process_state
    where parked_at is not null and last_error is not null order by process, parked_at
""",
    [],
)
_RELEASE = (
    "update work.process_state set last_error = null where process = $1 and key = $2 and parked_at is not null",
    [TEXT, TEXT],
)
_RELEASED = (
    """
select process, key, parked_at, '' from work.process_state
    where process = $1 and parked_at is not null and last_error is null order by parked_at
""",
    [TEXT],
)
_DUE = """(
    state = 'REQUESTED' and next_attempt_at <= clock_timestamp()
    or state = 'LEASED' and lease_until <= clock_timestamp()
)"""
_DUE_EFFECTS = f"select id from work.outbox where {_DUE} order by next_attempt_at limit $1", [BIGINT]  # noqa: S608 ours
_TAKE = (
    f"""
update work.outbox set state = 'LEASED', attempts = attempts + 1, fence = fence + 1, worker = $2,
    lease_until = clock_timestamp() + make_interval(secs => $3)
    where id = (select id from work.outbox where id = $1 and {_DUE} for update skip locked)
    returning process, key, kind, idempotency_key, payload::text, attempts, fence
""",  # noqa: S608 ours
    [ID, TEXT, DOUBLE],
)
_FINISH = (
    """
update work.outbox set state = $3, outcome = $4::jsonb, lease_until = null
    where id = $1 and state = 'LEASED' and fence = $2 returning id
""",
    [ID, BIGINT, TEXT, TEXT],
)
_RETRY = (
    """
update work.outbox set state = 'REQUESTED', lease_until = null, last_error = $4,
    next_attempt_at = clock_timestamp() + make_interval(secs => $3)
    where id = $1 and state = 'LEASED' and fence = $2 returning id
""",
    [ID, BIGINT, DOUBLE, TEXT],
)
_END_LEASES = (
    """
update work.outbox set lease_until = clock_timestamp()
    where state = 'LEASED' and worker = $1 and lease_until > clock_timestamp() returning id
""",
    [TEXT],
)


class PostgresWorkStore:
    """Implements WorkStore. Every method raises Unavailable when the database can't be reached."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool
        self._save: Question[bool] = Question(*_SAVE, _only)
        self._position: Question[int] = Question(*_POSITION, _only)
        self._load = Question(*_LOAD, _row)
        self._due_timers: Question[tuple[str, str, datetime]] = Question(*_DUE_TIMERS, tuple)
        self._parked, self._released = Question(*_PARKED, _parked), Question(*_RELEASED, _parked)
        self._release = Question(*_RELEASE, tuple)
        self._due_effects: Question[UUID] = Question(*_DUE_EFFECTS, _only)
        self._take = Question(*_TAKE, tuple)
        self._finish, self._retry = Question(*_FINISH, tuple), Question(*_RETRY, tuple)
        self._end_leases = Question(*_END_LEASES, tuple)

    async def position(self, process: str) -> int:
        found = await self._asked(self._position, (process,))
        return found[0] if found else 0

    async def load(self, process: str, keys: Collection[str]) -> Mapping[str, ProcessRow]:
        rows = await self._asked(self._load, (process, list(keys))) if keys else []
        return {row.key: row for row in rows}

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

        Raises Fenced for a fence that is not the newest, and for a position that goes back.
        """
        kept = list({row.key: row for row in rows}.values())  # of several for one key the last stands
        wanted = list({(timer.key, timer.name): timer for timer in timers}.values())
        values = (
            process,
            fence,
            position,
            [row.key for row in kept],
            [row.version for row in kept],
            [row.state.decode() for row in kept],
            [row.deadline for row in kept],
            [row.last_error for row in kept],
            [row.parked_at for row in kept],
            *_columns(rung),
            *_columns(wanted),
            [effect.id for effect in effects],
            [effect.key for effect in effects],
            [effect.kind for effect in effects],
            [effect.idempotency_key for effect in effects],
            [effect.payload.decode() for effect in effects],
        )
        saved = await self._asked(self._save, values)
        if not saved[0]:
            raise Fenced(f"{process}: another has taken over")

    async def due_timers(self, process: str, now: datetime, limit: int) -> Sequence[Timer]:
        """The earliest first. Those of parked keys wait with them."""
        rows = await self._asked(self._due_timers, (process, now, limit))
        return [Timer(process, key, name, at) for key, name, at in rows]

    async def parked(self) -> Sequence[Parked]:
        return await self._asked(self._parked, ())

    async def release(self, process: str, key: str) -> None:
        await self._asked(self._release, (process, key))

    async def released(self, process: str) -> Sequence[Parked]:
        return await self._asked(self._released, (process,))

    async def due_effects(self, limit: int) -> Sequence[UUID]:
        """Ids of effects whose next attempt is due and that nobody has leased."""
        return await self._asked(self._due_effects, (limit,))

    async def take_effect(self, effect_id: UUID, worker: str, seconds: float) -> Effect | None:
        """Lease one. None: closed, not due, or somebody else's."""
        rows = await self._asked(self._take, (effect_id, worker, seconds))
        if not rows:
            return None
        process, key, kind, idempotency_key, payload, attempts, fence = rows[0]
        return Effect(effect_id, process, key, kind, idempotency_key, payload.encode(), attempts, fence)

    async def finish_effect(self, effect_id: UUID, fence: int, state: str, outcome: bytes) -> None:
        """Close it as SUCCEEDED, FAILED or UNKNOWN. Raises Fenced."""
        if not await self._asked(self._finish, (effect_id, fence, state, outcome.decode())):
            raise Fenced(f"effect {effect_id}")

    async def retry_effect(self, effect_id: UUID, fence: int, after_seconds: float, error: str) -> None:
        """Give it back for a later attempt. Raises Fenced."""
        if not await self._asked(self._retry, (effect_id, fence, after_seconds, error)):
            raise Fenced(f"effect {effect_id}")

    async def end_leases(self, worker: str) -> int:
        """Of a worker that was started again and has nothing under way: others may take its effects. How many."""
        return len(await self._asked(self._end_leases, (worker,)))

    async def _asked(self, question: Question[R], values: Sequence[object]) -> list[R]:
        async with reachable(), self._pool.connection() as connection:
            return await question.ask(connection, values)


def _only(row: Sequence[Any]) -> Any:
    return row[0]


def _row(row: Sequence[Any]) -> ProcessRow:
    key, version, state, deadline, last_error, parked_at = row
    return ProcessRow(key, version, state.encode(), deadline, last_error, parked_at)


def _parked(row: Sequence[Any]) -> Parked:
    return Parked(*row)


def _columns(timers: Sequence[Timer]) -> tuple[list[str], list[str], list[datetime]]:
    return [timer.key for timer in timers], [timer.name for timer in timers], [timer.at for timer in timers]
