"""What stands in the log, and when is there more? Reads over a pool, woken by the appender's hints."""

from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import args_row
from psycopg_pool import AsyncConnectionPool

from infra.event_log.tail import Tail
from infra.ports import Replayed, Stored
from infra.postgres.pool import hurried
from infra.postgres.reachable import reachable

_SELECT = (
    "select position, stream, version, type, schema, event_id, command_id, recorded_at, effective_at, metadata,"
    " payload, digest from "
)
_READ = _SELECT + "log.events where position > %s and position <= %s order by position"
_READ_TYPES = _SELECT + "log.events where position > %s and type = any (%s) order by position limit %s"
_STREAM = _SELECT + "log.events where stream = %s and version > %s and version <= %s order by version"
_STREAMS = (
    _SELECT + "unnest(%s::text[], %s::int[]) wanted(name, past)"
    " join log.events on stream = name and version > past order by stream, version"
)
_LATEST = 2**31 - 1
_ANSWER = 1.0  # seconds: whoever asks has waited for the append already


class PostgresLogReader:
    """Reads only what is committed; positions have no gaps, so nothing below the head can still appear.

    Every method raises Unavailable when the database can't be reached.
    """

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool
        self._tail = Tail(pool)

    async def head(self) -> int:
        async with reachable(), self._pool.connection() as connection:
            cursor = await connection.execute("select position from log.log_head")
            row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async def read(self, after: int, limit: int, types: Collection[str] = ()) -> Sequence[Stored]:
        """Rows in position order; no types: all of them."""
        if types:
            return await self._rows(_READ_TYPES, (after, list(types), limit))
        return await self._rows(_READ, (after, after + limit))

    async def stream(self, name: str, after_version: int = 0, up_to: int | None = None) -> Sequence[Stored]:
        """One stream in version order."""
        return await self._rows(_STREAM, (name, after_version, _LATEST if up_to is None else up_to))

    async def streams(self, after_versions: Mapping[str, int]) -> Sequence[Stored]:
        """Several streams at once, each past its version, in version order per stream."""
        if not after_versions:
            return []
        return await self._rows(_STREAMS, (list(after_versions), list(after_versions.values())))

    async def wait(self, after: int, seconds: float) -> int:
        """Until the head is past `after`, at most so long; the head."""
        head = self._tail.head
        if seconds <= 0 or not self._tail.follows:
            head = await self.head()
        if head > after or seconds <= 0:
            return head
        found = await self._tail.wait(after, seconds, head)
        return found if found > after else await self.head()  # perhaps nobody has heard for a while

    async def answer(self, command_id: UUID) -> Replayed | None:
        async with reachable(), hurried(self._pool, _ANSWER) as connection:
            cursor = connection.cursor(binary=True, row_factory=args_row(Replayed))
            await cursor.execute(
                "select position, fingerprint, answer from log.answers where command_id = %s", (command_id,)
            )
            return await cursor.fetchone()

    async def aclose(self) -> None:
        """End the listening, if there was any."""
        await self._tail.aclose()

    async def __aenter__(self) -> "PostgresLogReader":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _rows(self, query: str, values: Sequence[object]) -> Sequence[Stored]:
        async with reachable(), self._pool.connection() as connection:
            cursor = connection.cursor(binary=True, row_factory=args_row(Stored))
            await cursor.execute(query, values)
            return await cursor.fetchall()
