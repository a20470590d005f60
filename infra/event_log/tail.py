"""When does the log grow? One listening connection for all who wait: hints name positions, and as they may be lost, the
head is looked at now and then.
"""

import asyncio
from typing import Any

import psycopg
from psycopg import AsyncConnection, Notify
from psycopg_pool import AsyncConnectionPool

from infra.event_log.hints import CHANNEL, readable
from infra.postgres.patience import PatientConnection

_LOOK_EVERY = 0.2  # seconds, while somebody waits
_AGAIN_AFTER = 0.5  # seconds after a lost connection


class Tail:
    """Starts to listen with the first who waits, and goes on until `aclose`, or until the pool is closed."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        assert isinstance(pool.conninfo, str)
        self._pool = pool
        self._url = pool.conninfo
        self._moved = asyncio.Condition()
        self._wanted = asyncio.Event()
        self._waiting = 0
        self._head = 0
        self._hinted = 0  # the highest position that a hint named
        self._is_blind = False  # a hint came that names none
        self._follows = False
        self._task: asyncio.Task[None] | None = None

    @property
    def follows(self) -> bool:
        """Whether it listens and has looked: who waits needs no look of its own first."""
        return self._follows

    @property
    def head(self) -> int:
        """The head as it was last seen; 0: not yet."""
        return self._head

    async def wait(self, after: int, seconds: float, head: int) -> int:
        """Until the head is past `after`, at most so long; the newest head known, at least the given one."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())
        self._waiting += 1
        self._wanted.set()
        try:
            async with asyncio.timeout(seconds), self._moved:
                await self._moved.wait_for(lambda: self._head > after)
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1
        return max(self._head, head)

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _listen(self) -> None:
        while not self._pool.closed:
            try:
                async with await PatientConnection.connect(self._url, autocommit=True) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    await self._look_on(connection)
            except psycopg.Error:
                self._follows = False
                await asyncio.sleep(_AGAIN_AFTER)

    async def _look_on(self, connection: AsyncConnection[Any]) -> None:
        """A hint that names a position needs no look, as it names all before it; who hears nothing for a while looks.

        Hints that come while nobody waits stay in the socket until somebody does.
        """
        now = asyncio.get_running_loop().time
        connection.add_notify_handler(self._hear)  # of those that come with the answer to a look
        look_at = now()
        while not self._pool.closed:
            if self._waiting == 0:
                self._wanted.clear()
                await self._wanted.wait()
            if self._is_blind or look_at <= now():
                self._is_blind, self._hinted = False, 0  # a log that was restored may have gone back
                await self._look(connection)
                look_at = now() + _LOOK_EVERY
            await self._listen_until(look_at, connection)
            if self._hinted > self._head:
                await self._move(self._hinted)
                look_at = now() + _LOOK_EVERY

    async def _listen_until(self, end: float, connection: AsyncConnection[Any]) -> None:
        """Take in hints: those that are there, or else the next. On libpq itself: the driver's own way costs as much as
        a question. Raises psycopg.OperationalError.
        """
        if self._take_in(connection):
            return
        try:
            async with asyncio.timeout_at(end):
                await readable(connection.fileno())
        except TimeoutError:
            return
        self._take_in(connection)

    def _take_in(self, connection: AsyncConnection[Any]) -> bool:
        """Whether there were hints."""
        libpq = connection.pgconn
        libpq.consume_input()
        first = hint = libpq.notifies()
        while hint is not None:
            self._hear(Notify(hint.relname.decode(), hint.extra.decode(), hint.be_pid))
            hint = libpq.notifies()
        return first is not None

    def _hear(self, hint: Notify) -> None:
        if hint.payload.isdecimal():
            self._hinted = max(self._hinted, int(hint.payload))
        else:
            self._is_blind = True

    async def _look(self, connection: AsyncConnection[Any]) -> None:
        cursor = await connection.execute("select position from log.log_head", prepare=True)
        row = await cursor.fetchone()
        assert row is not None
        self._follows = True
        if row[0] != self._head:
            await self._move(row[0])

    async def _move(self, head: int) -> None:
        async with self._moved:
            self._head = head
            self._moved.notify_all()
