"""Where does folding a long stream begin? At its snapshot: outside the log, droppable, ignored by a newer decider."""

from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import args_row
from psycopg_pool import AsyncConnectionPool

from infra.ports import Snapshot
from infra.postgres.reachable import reachable

_LOAD = "select version, state from log.snapshots where stream = %s and state_version = %s"
_SAVE = """
insert into log.snapshots as kept (stream, version, state_version, state) values (%s, %s, %s, %s)
on conflict (stream) do update set version = excluded.version, state_version = excluded.state_version,
    state = excluded.state
where kept.state_version <> excluded.state_version or kept.version < excluded.version
"""  # a lost race costs some folding, nothing else


class PostgresSnapshots:
    """One snapshot per stream, the newest."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def load(self, stream: str, state_version: int) -> Snapshot | None:
        """The snapshot, if it was made by this version of the decider's state."""
        async with reachable(), self._pool.connection() as connection:
            cursor = connection.cursor(binary=True, row_factory=args_row(Snapshot))
            await cursor.execute(_LOAD, (stream, state_version))
            return await cursor.fetchone()

    async def save(self, stream: str, state_version: int, snapshot: Snapshot) -> None:
        async with reachable(), self._pool.connection() as connection:
            await connection.execute(_SAVE, (stream, snapshot.version, state_version, snapshot.state))
