"""What stands in the log, and when is there more? Reads over a pool, woken by the appender's hints."""

from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.event_log.tail import Tail
from infra.ports import Replayed, Stored
from infra.postgres.encoding import BIGINT, ID, INT, INTS, TEXT, TEXTS
from infra.postgres.pool import hurried
from infra.postgres.questions import Question
from infra.postgres.reachable import reachable

R = TypeVar("R")
_SELECT = (
    "select position, stream, version, type, schema, event_id, command_id, recorded_at, effective_at, metadata,"
    " payload, digest from "
)
_READ = _SELECT + "log.events where position > $1 and position <= $2 order by position"
_READ_TYPES = _SELECT + "log.events where position > $1 and type = any ($2) order by position limit $3"
_STREAM = _SELECT + "log.events where stream = $1 and version > $2 and version <= $3 order by version"
_STREAMS = (
    _SELECT + "unnest($1, $2) wanted(name, past)"
    " join log.events on stream = name and version > past order by stream, version"
)
_HEAD = "select position from log.log_head"
_REPLAYED = "select position, fingerprint, answer from log.answers where command_id = $1"
_LATEST = 2**31 - 1
_FARTHEST = 2**62  # what a client says may be anything
_ANSWER = 1.0  # seconds: whoever asks has waited for the append already


class PostgresLogReader:
    """Reads only what is committed; positions have no gaps, so nothing below the head can still appear.

    Every method raises Unavailable when the database can't be reached.
    """

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool
        self._tail = Tail(pool)
        self._head = Question(_HEAD, [], _only)
        self._read = Question(_READ, [BIGINT, BIGINT], Stored._make)
        self._read_types = Question(_READ_TYPES, [BIGINT, TEXTS, BIGINT], Stored._make)
        self._stream = Question(_STREAM, [TEXT, INT, INT], Stored._make)
        self._streams = Question(_STREAMS, [TEXTS, INTS], Stored._make)
        self._replayed = Question(_REPLAYED, [ID], _answered)

    async def head(self) -> int:
        return (await self._asked(self._head, ()))[0]

    async def read(self, after: int, limit: int, types: Collection[str] = ()) -> Sequence[Stored]:
        """Rows in position order; no types: all of them."""
        after = min(after, _FARTHEST)
        if types:
            return await self._asked(self._read_types, (after, list(types), limit))
        return await self._asked(self._read, (after, after + limit))

    async def stream(self, name: str, after_version: int = 0, up_to: int | None = None) -> Sequence[Stored]:
        """One stream in version order."""
        return await self._asked(self._stream, (name, after_version, _LATEST if up_to is None else up_to))

    async def streams(self, after_versions: Mapping[str, int]) -> Sequence[Stored]:
        """Several streams at once, each past its version, in version order per stream."""
        if not after_versions:
            return []
        return await self._asked(self._streams, (list(after_versions), list(after_versions.values())))

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
            found = await self._replayed.ask(connection, (command_id,))
        return found[0] if found else None

    async def aclose(self) -> None:
        """End the listening, if there was any."""
        await self._tail.aclose()

    async def __aenter__(self) -> "PostgresLogReader":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _asked(self, question: Question[R], values: Sequence[object]) -> list[R]:
        async with reachable(), self._pool.connection() as connection:
            return await question.ask(connection, values)


def _only(row: Sequence[int]) -> int:
    return row[0]


def _answered(row: Sequence[Any]) -> Replayed:
    return Replayed(*row)
