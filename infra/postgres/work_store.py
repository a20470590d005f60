"""Where do processes keep what they know? States, timers and the outbox in schema `work`, saved in one call."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.ports import Effect, Fenced, NewEffect, Parked, ProcessRow, Timer
from infra.postgres.leases import PostgresLeases
from infra.postgres.reachable import reachable

__all__ = ["PostgresLeases", "PostgresWorkStore"]

_SAVE = (
    "select work.save(%s, %s, %s, %s::text[], %s::int[], %s::text[], %s::timestamptz[], %s::text[], %s::bigint[],"
    " %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::timestamptz[],"
    " %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[])"
)
_LOAD = """
select key, version, state::text, deadline, last_error, parked_at from work.process_state
    where process = %s and key = any (%s)
"""
_DUE_TIMERS = """
select key, name, at from work.timers t where process = %(process)s and at <= %(now)s and not exists (
    select from work.process_state s where s.process = t.process and s.key = t.key and s.parked_at is not null
) order by at, key, name limit %(limit)s
"""
_PARKED = """
select process, key, parked_at, last_error from work.process_state
    where parked_at is not null and last_error is not null order by process, parked_at
"""
_RELEASE = "update work.process_state set last_error = null where process = %s and key = %s and parked_at is not null"
_RELEASED = """
select process, key, parked_at, '' from work.process_state
    where process = %s and parked_at is not null and last_error is null order by parked_at
"""
_DUE = """(
    state = 'REQUESTED' and next_attempt_at <= clock_timestamp()
    or state = 'LEASED' and lease_until <= clock_timestamp()
)"""
_DUE_EFFECTS = f"select id from work.outbox where {_DUE} order by next_attempt_at limit %s"  # noqa: S608 ours
_TAKE = f"""
update work.outbox set state = 'LEASED', attempts = attempts + 1, fence = fence + 1, worker = %(worker)s,
    lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
    where id = (select id from work.outbox where id = %(id)s and {_DUE} for update skip locked)
    returning process, key, kind, idempotency_key, payload::text, attempts, fence
"""  # noqa: S608 ours
_FINISH = """
update work.outbox set state = %(state)s, outcome = %(outcome)s::jsonb, lease_until = null
    where id = %(id)s and state = 'LEASED' and fence = %(fence)s returning id
"""
_RETRY = """
update work.outbox set state = 'REQUESTED', lease_until = null, last_error = %(error)s,
    next_attempt_at = clock_timestamp() + make_interval(secs => %(seconds)s)
    where id = %(id)s and state = 'LEASED' and fence = %(fence)s returning id
"""
_END_LEASES = """
update work.outbox set lease_until = clock_timestamp()
    where state = 'LEASED' and worker = %s and lease_until > clock_timestamp() returning id
"""


class PostgresWorkStore:
    """Implements WorkStore. Every method raises Unavailable when the database can't be reached."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def position(self, process: str) -> int:
        rows = await self._rows("select position from work.checkpoints where process = %s", (process,))
        return int(rows[0][0]) if rows else 0

    async def load(self, process: str, keys: Collection[str]) -> Mapping[str, ProcessRow]:
        rows = await self._rows(_LOAD, (process, list(keys))) if keys else []
        return {row[0]: ProcessRow(row[0], row[1], row[2].encode(), row[3], row[4], row[5]) for row in rows}

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
        saved = await self._rows(_SAVE, values)
        if not saved[0][0]:
            raise Fenced(f"{process}: another has taken over")

    async def due_timers(self, process: str, now: datetime, limit: int) -> Sequence[Timer]:
        """The earliest first. Those of parked keys wait with them."""
        rows = await self._rows(_DUE_TIMERS, {"process": process, "now": now, "limit": limit})
        return [Timer(process, key, name, at) for key, name, at in rows]

    async def parked(self) -> Sequence[Parked]:
        return [Parked(*row) for row in await self._rows(_PARKED, ())]

    async def release(self, process: str, key: str) -> None:
        async with reachable(), self._pool.connection() as connection:
            await connection.execute(_RELEASE, (process, key))

    async def released(self, process: str) -> Sequence[Parked]:
        return [Parked(*row) for row in await self._rows(_RELEASED, (process,))]

    async def due_effects(self, limit: int) -> Sequence[UUID]:
        """Ids of effects whose next attempt is due and that nobody has leased."""
        return [row[0] for row in await self._rows(_DUE_EFFECTS, (limit,))]

    async def take_effect(self, effect_id: UUID, worker: str, seconds: float) -> Effect | None:
        """Lease one. None: closed, not due, or somebody else's."""
        rows = await self._rows(_TAKE, {"id": effect_id, "worker": worker, "seconds": seconds})
        if not rows:
            return None
        process, key, kind, idempotency_key, payload, attempts, fence = rows[0]
        return Effect(effect_id, process, key, kind, idempotency_key, payload.encode(), attempts, fence)

    async def finish_effect(self, effect_id: UUID, fence: int, state: str, outcome: bytes) -> None:
        """Close it as SUCCEEDED, FAILED or UNKNOWN. Raises Fenced."""
        values = {"id": effect_id, "fence": fence, "state": state, "outcome": outcome.decode()}
        if not await self._rows(_FINISH, values):
            raise Fenced(f"effect {effect_id}")

    async def retry_effect(self, effect_id: UUID, fence: int, after_seconds: float, error: str) -> None:
        """Give it back for a later attempt. Raises Fenced."""
        values = {"id": effect_id, "fence": fence, "seconds": after_seconds, "error": error}
        if not await self._rows(_RETRY, values):
            raise Fenced(f"effect {effect_id}")

    async def end_leases(self, worker: str) -> int:
        """Of a worker that was started again and has nothing under way: others may take its effects. How many."""
        return len(await self._rows(_END_LEASES, (worker,)))

    async def _rows(self, statement: str, values: Sequence[object] | Mapping[str, object]) -> Sequence[Any]:
        async with reachable(), self._pool.connection() as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchall()


def _columns(timers: Sequence[Timer]) -> tuple[list[str], list[str], list[datetime]]:
    return [timer.key for timer in timers], [timer.name for timer in timers], [timer.at for timer in timers]
