"""Where do documents stand in SQL? One row each in `read.<target>`: the document as jsonb beside queried columns.

Child rows are replaced with their parent; rows and checkpoint are written in one transaction. The tables are found by
name, their columns by asking the catalogue: nothing here knows what a view is about.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool

from infra.ports import Checkpoint, Doc, Fenced, Parked, Query, Unavailable
from infra.postgres.generations import stored
from infra.postgres.reachable import reachable
from infra.postgres.view_queries import select, shown
from infra.postgres.view_tables import SCHEMA, are_there, empty_tables, make_tables
from infra.view_names import in_generation, number_of, view_of

_COLUMNS = """
select a.attname, format_type(a.atttypid, a.atttypmod),
    coalesce(a.attnum = (select i.indkey[0] from pg_index i where i.indrelid = a.attrelid and i.indisprimary), false)
from pg_attribute a
where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped order by a.attnum
"""
_TAKE = """
insert into read.checkpoints as c (target, position, fence) values (%s, 0, %s)
on conflict (target) do update set fence = excluded.fence where c.fence <= excluded.fence returning position
"""
_MOVE = """
update read.checkpoints set position = greatest(position, %s)
where target = %s and fence = %s and position >= %s returning position
"""
_ADVANCE = """
update read.checkpoints c set position = m.position
from unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[]) m (target, fence, after, position)
where c.target = m.target and c.fence = m.fence and c.position >= m.after and c.position < m.position
"""
_LAZY = "set local synchronous_commit to off"  # a crash may take the end away, checkpoint included: it is folded again
_PARK = "insert into read.parked (target, key, position, error) values (%s, %s, %s, %s) on conflict do nothing"

_OWN = ("id", "position", "document", "stale")

Connection = AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class _Table:
    name: sql.Identifier
    types: Mapping[str, str]  # by column
    first_key: str  # the first column of the primary key

    @property
    def upsert(self) -> sql.Composed:
        """All rows of one JSON array; a row whose position is as high, or higher, stays. Answers what was written."""
        others = [name for name in self.types if name not in ("id", "document")]
        return sql.SQL(
            "insert into {table} as t (id, document, {columns})"
            " select id, coalesce(document, 'null'::jsonb), {columns}"
            " from jsonb_populate_recordset(null::{table}, %s::jsonb)"
            " on conflict (id) do update set (document, {columns}) = row(excluded.document, {values})"
            " where t.position < excluded.position returning id"
        ).format(
            table=self.name,
            columns=sql.SQL(", ").join(map(sql.Identifier, others)),
            values=sql.SQL(", ").join(sql.Identifier("excluded", name) for name in others),
        )

    def empty(self, parent: "_Table") -> sql.Composed:
        """Drop the rows of these parents (keys and positions), as a table of child rows."""
        statement = sql.SQL(
            "delete from {table} c using {parent} p join unnest(%s::text[], %s::bigint[]) d (id, position)"
            " on p.id = d.id and p.position = d.position where c.{key} = p.id"
        )
        return statement.format(table=self.name, parent=parent.name, key=sql.Identifier(self.first_key))

    def fill(self, parent: "_Table") -> sql.Composed:
        """Insert rows (one JSON array) of these parents (keys and positions)."""
        statement = sql.SQL(
            "insert into {table} select c.* from jsonb_populate_recordset(null::{table}, %s::jsonb) c"
            " join {parent} p on p.id = c.{key} join unnest(%s::text[], %s::bigint[]) d (id, position)"
            " on p.id = d.id and p.position = d.position"
        )
        return statement.format(table=self.name, parent=parent.name, key=sql.Identifier(self.first_key))


class PostgresViewStore:
    """Implements ViewStore. Every method raises Unavailable when the database or the schema is away."""

    def __init__(
        self, pool: AsyncConnectionPool[Connection], children: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._pool = pool
        self._children = children or {}  # tables of child rows, by target
        self._tables: dict[str, _Table] = {}

    async def load(self, target: str, keys: Collection[str], whole: bool = False) -> Mapping[str, Doc]:
        if whole:
            return await self._load_whole(target, keys)
        statement = sql.SQL("select id, position, document::text, stale from {} where id = any(%s)")
        async with self._connection() as connection:
            rows = await (await connection.execute(statement.format(_name(target)), [list(keys)])).fetchall()
        return {key: Doc(key, position, _body(document), stale=bool(stale)) for key, position, document, stale in rows}

    async def write(self, target: str, docs: Sequence[Doc]) -> None:
        if docs:
            async with self._connection() as connection, connection.transaction():
                await self._write(connection, target, docs)

    async def take(self, target: str, fence: int) -> int:
        """Makes the tables where they are not: in a new generation, and where somebody has dropped them."""
        async with self._connection() as connection:
            if not await are_there(connection, target):
                async with connection.transaction():
                    await make_tables(connection, target, self._first_children(target), await stored(connection))
                self._tables.clear()
            row = await (await connection.execute(_TAKE, [target, fence])).fetchone()
        if row is None:
            raise Fenced
        return int(row[0])

    async def commit(self, target: str, fence: int, after: int, position: int, docs: Sequence[Doc]) -> None:
        async with self._connection() as connection:
            await self._table(connection, target)  # before the pipeline: it asks the catalogue
            async with connection.pipeline(), connection.transaction():
                await connection.execute(_LAZY)
                moved = await connection.execute(_MOVE, [position, target, fence, after], prepare=True)
                if docs:
                    await self._write(connection, target, docs)
                if await moved.fetchone() is None:
                    raise Fenced

    async def advance(self, moves: Mapping[str, tuple[int, int, int]]) -> None:
        if not moves:
            return
        fences, afters, positions = zip(*moves.values(), strict=True)
        async with self._connection() as connection, connection.pipeline(), connection.transaction():
            await connection.execute(_LAZY)
            await connection.execute(_ADVANCE, [list(moves), list(fences), list(afters), list(positions)])

    async def position(self, target: str) -> int:
        checkpoint = (await self.checkpoints()).get(target)
        return 0 if checkpoint is None else checkpoint.position

    async def checkpoints(self) -> Mapping[str, Checkpoint]:
        async with self._connection() as connection:
            rows = await (await connection.execute("select target, position, fence from read.checkpoints")).fetchall()
        return {str(target): Checkpoint(int(position), int(fence)) for target, position, fence in rows}

    async def find(self, target: str, query: Query) -> Sequence[Doc]:
        """Raises ValueError for values that no column can have, Unavailable."""
        async with self._connection() as connection:
            table = await self._table(connection, target)
            statement, values = select(table.name, table.types, query)
            try:
                rows = await (await connection.execute(statement, values)).fetchall()
            except psycopg.DataError as error:
                raise ValueError("a value does not fit its column") from error
        names = [name for name, _ in query.order]
        return [
            Doc(key, position, _body(document), columns=dict(zip(names, ordered, strict=True)), stale=bool(stale))
            for key, position, document, stale, *ordered in rows
        ]

    async def park(self, target: str, key: str, position: int, error: str) -> None:
        async with self._connection() as connection, connection.transaction():
            await connection.execute(_PARK, [target, key, position, error])
            await connection.execute(_flag(target), [True, key])

    async def parked(self, target: str) -> Sequence[Parked]:
        statement = "select key, position, error from read.parked where target = %s order by key"
        async with self._connection() as connection:
            rows = await (await connection.execute(statement, [target])).fetchall()
        return [Parked(target, key, position, error) for key, position, error in rows]

    async def release(self, target: str, key: str) -> None:
        async with self._connection() as connection, connection.transaction():
            await connection.execute(_flag(target), [None, key])
            await connection.execute("delete from read.parked where target = %s and key = %s", [target, key])

    async def keys(self, target: str, after: str, limit: int) -> Sequence[str]:
        statement = sql.SQL(
            "select id from {} where id collate \"C\" > %s and document <> 'null'::jsonb"
            ' order by id collate "C" limit %s'
        )
        async with self._connection() as connection:
            rows = await (await connection.execute(statement.format(_name(target)), [after, limit])).fetchall()
        return [str(key) for (key,) in rows]

    async def drop(self, target: str) -> None:
        async with self._connection() as connection, connection.transaction():
            await connection.execute("delete from read.checkpoints where target = %s", [target])
            await connection.execute("delete from read.parked where target = %s", [target])
            await empty_tables(connection, target, self._first_children(target))
        self._tables.clear()

    def _first_children(self, target: str) -> Sequence[str]:
        """The tables of child rows in the first generation."""
        return self._children.get(view_of(target), ())

    async def _load_whole(self, target: str, keys: Collection[str]) -> Mapping[str, Doc]:
        async with self._connection() as connection:
            table = await self._table(connection, target)
            rows = await _dicts(connection, table, "id", keys)
            docs = {str(row["id"]): row for row in rows}
            children: dict[str, dict[str, list[Mapping[str, object]]]] = {key: {} for key in docs}
            for first in self._first_children(target):
                name = in_generation(first, number_of(target))
                child = await self._table(connection, name)
                for of_key in children.values():
                    of_key[name.rpartition("_v")[0]] = []
                for row in await _dicts(connection, child, child.first_key, list(docs)):
                    children[str(row[child.first_key])][name.rpartition("_v")[0]].append(row)
        return {
            key: Doc(
                key,
                int(str(row["position"])),
                None if row["document"] is None else dict(row["document"]),  # type: ignore[call-overload]  # an object
                columns={name: value for name, value in row.items() if name not in _OWN},
                rows=children[key],
                stale=bool(row["stale"]),
            )
            for key, row in docs.items()
        }

    async def _write(self, connection: Connection, target: str, docs: Sequence[Doc]) -> None:
        """Child rows follow a parent that stands at its document's position: a newer one keeps its own."""
        table = await self._table(connection, target)
        await connection.execute(table.upsert, [_json([_row(doc) for doc in docs])], prepare=True)
        version = target.rpartition("_v")[2]
        for name in dict.fromkeys(name for doc in docs for name in doc.rows):
            child = await self._table(connection, f"{name}_v{version}")
            parents = [doc for doc in docs if name in doc.rows]
            keys, positions = [doc.key for doc in parents], [doc.position for doc in parents]
            rows = [dict(row) for doc in parents for row in doc.rows[name]]
            await connection.execute(child.empty(table), [keys, positions], prepare=True)
            if rows:
                await connection.execute(child.fill(table), [_json(rows), keys, positions], prepare=True)

    async def _table(self, connection: Connection, target: str) -> _Table:
        if target not in self._tables:
            rows = await (await connection.execute(_COLUMNS, [f"{SCHEMA}.{target}"])).fetchall()
            if not rows:
                raise Unavailable(f"{SCHEMA}.{target} does not exist")
            first = next((str(name) for name, _, is_first in rows if is_first), "id")
            types = {str(name): str(kind) for name, kind, _ in rows}
            self._tables[target] = _Table(sql.Identifier(SCHEMA, target), types, first)
        return self._tables[target]

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        try:
            async with reachable(), self._pool.connection() as connection:
                yield connection
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
            self._tables.clear()
            raise Unavailable(type(error).__name__) from error


async def _dicts(
    connection: Connection, table: _Table, key: str, keys: Collection[str]
) -> Sequence[Mapping[str, object]]:
    """Whole rows in the order of their primary key, moments as the documents write them."""
    statement = sql.SQL("select {shown} from {table} where {key} = any(%s) order by 1, 2").format(
        shown=sql.SQL(", ").join(shown(name, kind) for name, kind in table.types.items()),
        table=table.name,
        key=sql.Identifier(key),
    )
    rows = await (await connection.execute(statement, [list(keys)])).fetchall()
    return [dict(zip(table.types, row, strict=True)) for row in rows]


def _name(target: str) -> sql.Identifier:
    return sql.Identifier(SCHEMA, target)


def _flag(target: str) -> sql.Composed:
    return sql.SQL("update {} set stale = %s where id = %s").format(_name(target))


def _row(doc: Doc) -> Mapping[str, object]:
    own = {"id": doc.key, "position": doc.position, "document": doc.body, "stale": doc.stale or None}
    return {**doc.columns, **own}


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return orjson.dumps(rows).decode()


def _body(document: str) -> Mapping[str, object] | None:
    body: Mapping[str, object] | None = orjson.loads(document)
    return body
