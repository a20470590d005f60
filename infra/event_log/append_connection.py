"""How is one prepared, binary call made with the least in between? On libpq itself, and never waited for past a limit.

psycopg's own cancellation asks the server to cancel and waits for its answer; from a frozen server none comes. Here a
call that takes too long ends the connection, and its outcome is unknown.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import pq

from infra.event_log.batch import STATEMENT, TYPES, Row
from infra.postgres.patience import PatientConnection
from infra.postgres.pool import in_utc

_NAME = b"append"
_BINARY = [pq.Format.BINARY] * len(TYPES)
_COLUMNS = 7
_SETTINGS = "select set_config('statement_timeout', '1800', false), set_config('lock_timeout', '1800', false)"


class CallRefused(Exception):
    """The server refused the statement and rolled it back: nothing was done."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code  # SQLSTATE


class OutcomeLost(Exception):
    """The call was sent, and no answer can be trusted."""


class _Call:
    """A call on its way: what has come of it so far."""

    __slots__ = ("answered", "result", "warning")

    def __init__(self, answered: asyncio.Future[None]) -> None:
        self.answered = answered
        self.result: pq.abc.PGresult | None = None
        self.warning: str | None = None


class AppendConnection:
    """One connection in pipeline mode: a call may be sent while the one before it is still at work."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._libpq = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._calls: deque[_Call] = deque()
        self._writing = False
        self.broken = False
        connection.add_notice_handler(self._noticed)
        self._libpq.enter_pipeline_mode()
        self._socket = self._libpq.socket
        self._loop.add_reader(self._socket, self._readable)

    @staticmethod
    async def open(url: str, seconds: float) -> "AppendConnection":
        """Raises psycopg.Error, TimeoutError, OutcomeLost or CallRefused: nothing was done."""
        async with asyncio.timeout(seconds):
            connection = await PatientConnection.connect(in_utc(url), autocommit=True)
            try:
                await connection.execute(_SETTINGS)
                made = AppendConnection(connection)
                made._libpq.send_prepare(_NAME, STATEMENT, TYPES)
                await made._finished(seconds)
            except BaseException:
                await connection.close()
                raise
            return made

    async def call(self, parameters: Sequence[bytes], seconds: float) -> list[Row]:
        """Rows of `log.append`. Raises CallRefused or OutcomeLost; after the latter the connection may be broken."""
        try:
            self._libpq.send_query_prepared(_NAME, parameters, _BINARY, pq.Format.BINARY)
        except psycopg.Error as error:
            self._break()
            raise OutcomeLost("the connection was lost") from error
        result = await self._finished(seconds)
        return [[result.get_value(row, column) for column in range(_COLUMNS)] for row in range(result.ntuples)]

    async def close(self) -> None:
        self._break()
        await self._connection.close()

    async def _finished(self, seconds: float) -> pq.abc.PGresult:
        call = _Call(self._loop.create_future())
        self._calls.append(call)
        try:
            self._libpq.pipeline_sync()  # each call is a transaction of its own
            self._flush()
            async with asyncio.timeout(seconds):
                await call.answered
        except (psycopg.Error, TimeoutError) as error:
            self._break()
            raise OutcomeLost(f"no answer: {type(error).__name__}") from error
        except BaseException:  # cancelled
            self._break()
            raise
        if call.warning is not None:
            raise OutcomeLost(call.warning)
        return _good(call.result)

    def _flush(self) -> None:
        """A large batch does not fit the socket's buffer at once: the rest goes when there is room."""
        rest = self._libpq.flush()
        if rest and not self._writing:
            self._loop.add_writer(self._socket, self._writable)
        elif not rest and self._writing:
            self._loop.remove_writer(self._socket)
        self._writing = bool(rest)

    def _writable(self) -> None:
        try:
            self._flush()
        except psycopg.Error:
            self._break()

    def _readable(self) -> None:
        try:
            self._libpq.consume_input()
            if self._writing:
                self._flush()
            nothing = 0
            while self._calls and nothing < 2 and not self._libpq.is_busy():
                result = self._libpq.get_result()
                nothing = nothing + 1 if result is None else 0
                if result is not None:
                    self._heard(result)
            if not self._calls and self._libpq.status != pq.ConnStatus.OK:
                self._break()
        except psycopg.Error:
            self._break()

    def _heard(self, result: pq.abc.PGresult) -> None:
        if result.status != pq.ExecStatus.PIPELINE_SYNC:
            self._calls[0].result = result
            return
        call = self._calls.popleft()  # committed, or rolled back
        if not call.answered.done():
            call.answered.set_result(None)

    def _noticed(self, notice: psycopg.errors.Diagnostic) -> None:
        """A synchronous standby did not confirm, and the commit says so only by a warning."""
        if notice.severity_nonlocalized == "WARNING" and self._calls:
            self._calls[0].warning = f"warned: {notice.sqlstate}"

    def _break(self) -> None:
        """The end of this connection, and of every call on its way."""
        if self.broken:
            return
        self.broken = True
        self._loop.remove_reader(self._socket)
        if self._writing:
            self._loop.remove_writer(self._socket)
        self._libpq.finish()
        for call in self._calls:
            if not call.answered.done():
                call.answered.set_exception(psycopg.OperationalError("the connection was lost"))


def _good(result: pq.abc.PGresult | None) -> pq.abc.PGresult:
    if result is None:
        raise OutcomeLost("no result")
    if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        return result
    code = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    if result.error_field(pq.DiagnosticField.SEVERITY_NONLOCALIZED) != b"ERROR":
        raise OutcomeLost(f"the session ended: {code}")  # perhaps after its commit
    raise CallRefused(code)
