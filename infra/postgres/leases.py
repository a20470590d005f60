"""Who may do this work now? Rows with an end and a fencing number, on the database's clock."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.postgres.reachable import reachable

_TAKE = """
insert into work.leases as held (name, worker, fence, until)
    values (%(name)s, %(worker)s, 1, clock_timestamp() + make_interval(secs => %(seconds)s))
    on conflict (name) do update set worker = excluded.worker, fence = held.fence + 1, until = excluded.until
        where held.until <= clock_timestamp() or held.worker = excluded.worker
    returning fence
"""
_RENEW = """
update work.leases set until = clock_timestamp() + make_interval(secs => %(seconds)s)
    where name = %(name)s and fence = %(fence)s returning fence
"""
_GIVE = "update work.leases set until = '-infinity' where name = %(name)s and fence = %(fence)s"


class PostgresLeases:
    """Implements Leases. A row is never deleted: its fence only rises."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def take(self, name: str, worker: str, seconds: float) -> int | None:
        """A fencing number higher than all before, or None while another holds the lease. Raises Unavailable."""
        row = await self._row(_TAKE, {"name": name, "worker": worker, "seconds": seconds})
        return None if row is None else int(row[0])

    async def renew(self, name: str, fence: int, seconds: float) -> bool:
        """False: somebody else has it. Raises Unavailable."""
        return await self._row(_RENEW, {"name": name, "fence": fence, "seconds": seconds}) is not None

    async def give(self, name: str, fence: int) -> None:
        """Let others take it at once. Raises Unavailable."""
        async with reachable(), self._pool.connection() as connection:
            await connection.execute(_GIVE, {"name": name, "fence": fence})

    async def _row(self, statement: str, values: dict[str, object]) -> Sequence[Any] | None:
        async with reachable(), self._pool.connection() as connection:
            cursor = await connection.execute(statement, values)
            return await cursor.fetchone()
