"""The log as tools of the `eventsourcing` library see it: synchronous, all or nothing, over the same function and rows.

Its insert may begin a stream with version 0 and take any number of events; the platform's own writers use the appender.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    OperationalError,
    StoredEvent,
    Subscription,
)
from psycopg import pq, sql
from psycopg_pool import ConnectionPool
from uuid_utils.compat import uuid7

from infra.event_log.batch import STATEMENT, TYPES, parameters, verdicts
from infra.event_log.chain import digest
from infra.event_log.hints import CHANNEL
from infra.ports import Accepted, Append, NewEvent
from infra.postgres.pool import in_utc

_BINARY = [pq.Format.BINARY] * len(TYPES)
_LOOK_EVERY = 0.1  # seconds
_MOST = 500  # notifications read at once


class PostgresRecorder(ApplicationRecorder):
    """`with PostgresRecorder(url) as recorder:`, or `close()`."""

    def __init__(self, url: str, size: int = 10) -> None:
        self._url = in_utc(url)
        self._pool = ConnectionPool(self._url, min_size=1, max_size=size, open=True, kwargs={"autocommit": True})

    def close(self) -> None:
        self._pool.close()

    def __enter__(self) -> "PostgresRecorder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Positions of the events. Raises IntegrityError when a version is not the next one of its stream."""
        if not stored_events:
            return []
        command = _command(stored_events)
        with self._connection() as connection:
            result = connection.pgconn.exec_params(STATEMENT, parameters([command]), TYPES, _BINARY, pq.Format.BINARY)
            if result.status != pq.ExecStatus.TUPLES_OK:
                raise OperationalError((result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode())
            rows = [[result.get_value(row, column) for column in range(7)] for row in range(result.ntuples)]
            (verdict,) = verdicts([command], rows)
            if not isinstance(verdict, Accepted):
                raise IntegrityError(f"not the next version: {verdict}")
            connection.execute(sql.SQL("notify {}").format(sql.Identifier(CHANNEL)))
        return list(range(verdict.position - len(stored_events) + 1, verdict.position + 1))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        query = sql.SQL(
            "select version, type, payload from log.events where stream = %s and version > %s"
            " and version <= coalesce(%s, version) order by version {} limit %s"
        ).format(sql.SQL("desc" if desc else "asc"))
        values = (str(originator_id), -1 if gt is None else gt, lte, limit)
        with self._connection() as connection:
            rows = connection.cursor(binary=True).execute(query, values).fetchall()
        return [StoredEvent(originator_id, version, type, state) for version, type, state in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = 0 if start is None else start if inclusive_of_start else start + 1
        query = (
            "select stream, version, type, payload, position from log.events where position >= %s"
            " and position <= coalesce(%s, position) and (%s::text[] is null or type = any (%s))"
            " order by position limit %s"
        )
        wanted = list(topics) or None
        with self._connection() as connection:
            rows = connection.cursor(binary=True).execute(query, (first, stop, wanted, wanted, limit)).fetchall()
        return [Notification(_originator(stream), *rest) for stream, *rest in rows]

    def max_notification_id(self) -> int | None:
        with self._connection() as connection:
            row = connection.execute("select nullif(position, 0) from log.log_head").fetchone()
        return None if row is None else row[0]

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "RecorderSubscription":
        return RecorderSubscription(self, self._url, gt, topics)

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except psycopg.Error as error:
            raise OperationalError(type(error).__name__) from error


class RecorderSubscription(Subscription[PostgresRecorder]):
    """Iterates for ever; `stop`, also from another thread, ends it within a fraction of a second."""

    def __init__(self, recorder: PostgresRecorder, url: str, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder=recorder, gt=gt or 0, topics=topics)
        self._read: Iterator[Notification] = iter(())
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute(sql.SQL("listen {}").format(sql.Identifier(CHANNEL)))

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        super().__exit__(*args, **kwargs)
        self._connection.close()

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            found = next(self._read, None)
            if found is not None:
                self._last_notification_id = found.id
                return found
            more = self._recorder.select_notifications(
                self._last_notification_id, _MOST, topics=self._topics, inclusive_of_start=False
            )
            if not more:
                list(self._connection.notifies(timeout=_LOOK_EVERY, stop_after=1))
            self._read = iter(more)
        raise StopIteration


def _command(stored: Sequence[StoredEvent]) -> Append:
    """One command for all of them. Raises IntegrityError for a gap or a repeat within them."""
    command_id, now = uuid7(), datetime.now(UTC)
    heads: dict[str, int] = {}
    expected: dict[str, int] = {}
    events = []
    for one in stored:
        stream = str(one.originator_id)
        before = expected.setdefault(stream, one.originator_version - 1)
        if one.originator_version != heads.get(stream, before) + 1:
            raise IntegrityError(f"version {one.originator_version} of {stream} after {heads[stream]}")
        heads[stream] = one.originator_version
        bare = NewEvent(stream, one.originator_version, one.topic, 1, uuid7(), now, b"{}", one.state, b"")
        events.append(bare._replace(digest=digest(bare, command_id)))
    return Append(command_id, b"", expected, events, b"")


def _originator(stream: str) -> UUID | str:
    try:
        return UUID(stream)
    except ValueError:
        return stream
