"""Which builds of each view are there? One row a view in schema `work`: not droppable, unlike what it tells of."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.ports import Fenced, Generations
from infra.postgres.reachable import reachable
from infra.postgres.view_tables import name_tables

_READ = "select view, live, previous, building, is_filled, retired, newest, revision from work.view_generations"
_PUT = """
insert into work.view_generations as g (view, live, previous, building, is_filled, retired, newest, revision)
values (%(view)s, %(live)s, %(previous)s, %(building)s, %(is_filled)s, %(retired)s, %(newest)s, 1)
on conflict (view) do update set live = excluded.live, previous = excluded.previous, building = excluded.building,
    is_filled = excluded.is_filled, retired = excluded.retired, newest = excluded.newest, revision = g.revision + 1
    where g.revision = %(revision)s
returning revision
"""


class PostgresGenerations:
    """Implements GenerationStore. The plain names in schema `read` follow the live generation in the same step."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def read(self) -> Mapping[str, Generations]:
        async with reachable(), self._pool.connection() as connection:
            return await stored(connection)

    async def put(self, view: str, new: Generations) -> Generations:
        row = {**asdict(new), "view": view, "retired": list(new.retired)}
        async with reachable(), self._pool.connection() as connection, connection.transaction():
            found = await (await connection.execute(_PUT, row)).fetchone()
            if found is None or (new.revision == 0) != (found[0] == 1):
                raise Fenced
            await name_tables(connection, await stored(connection))
        return replace(new, revision=int(found[0]))


async def stored(connection: AsyncConnection[Any]) -> Mapping[str, Generations]:
    """By view, as this connection sees them."""
    rows = await (await connection.execute(_READ)).fetchall()
    return {
        str(view): Generations(live, previous, building, is_filled, tuple(retired), newest, revision)
        for view, live, previous, building, is_filled, retired, newest, revision in rows
    }
