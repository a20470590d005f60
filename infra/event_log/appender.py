"""How do many callers append at the price of few commits? Group commit: what waits goes together, each told its own.

`run` is the one worker; callers only queue. While a batch is on its way the next one gathers. After the commit readers
are woken by a hint (`hints`).
"""

import asyncio
import logging
import struct
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

import psycopg

from infra.event_log.admission import NotAppendable, admitted
from infra.event_log.append_connection import AppendConnection, CallRefused, OutcomeLost
from infra.event_log.batch import Row, Waiting, parameters, take, verdicts
from infra.event_log.hints import Hints
from infra.ports import Accepted, Append, Busy, Unavailable, Unknown, Verdict
from infra.resilience.cooldown import Cooldown

_LOG = logging.getLogger(__name__)

_RETRY_AFTER = 0.5  # seconds, told with Busy
_CALL = 2.0  # seconds: whoever does not know then still has one to ask the log
_CONNECT = 1.0  # seconds
_REST = 0.5  # seconds after nobody was there
_NOT_NOW = ("53", "55", "57")  # classes of SQLSTATE: the server's trouble, the same for each command of a batch
_PATIENCE = 0.2  # seconds
_TURNS = 8  # of the loop at most, for callers who are just coming back
_FLYING = 2  # batches on their way at once
_LEAST = 4  # commands that are worth a batch of their own


class GroupAppender:
    """`async with GroupAppender(url) as appender:` or `run()` in a task group of one's own."""

    def __init__(self, url: str, *, batch: int = 256, queue: int = 1000) -> None:
        self._url = url
        self._most = batch
        self._bound = queue
        self._queue: deque[Waiting] = deque()
        self._sent = 0
        self._flying = 0
        self._landed = asyncio.Event()
        self._connecting = asyncio.Lock()
        self._rest = Cooldown("PostgreSQL", _REST)
        self._ready = asyncio.Event()
        self._hints = Hints(url)
        self._connection: AppendConnection | None = None
        self._stopped = False
        self._task: asyncio.Task[None] | None = None

    async def append(self, command: Append) -> Verdict:
        """The verdict on this command alone.

        Raises Busy above the queue's bound, Unavailable when it was certainly not stored, NotAppendable (ValueError).
        """
        command = admitted(command)
        if self._stopped:
            raise Unavailable("the appender has stopped")
        if len(self._queue) + self._sent >= self._bound:
            raise Busy(_RETRY_AFTER)
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._queue.append(Waiting.of(command, verdict))
        self._ready.set()
        return await verdict

    async def run(self) -> None:
        """Append until cancelled. What was sent then is Unknown to its callers, what was not is Unavailable."""
        try:
            async with asyncio.TaskGroup() as tasks:
                hints = tasks.create_task(self._hints.run())
                while await self._gathered():
                    batch = take(self._queue, self._share())
                    if batch:
                        self._flying += 1
                        self._sent += len(batch)
                        tasks.create_task(self._fly(batch))
                hints.cancel()
        finally:
            self._stopped = True
            for waiting in self._queue:
                _tell(waiting, Unavailable("the appender was stopped"))
            self._queue.clear()
            if self._connection is not None:
                await self._connection.close()

    def _share(self) -> int:
        """With nothing on its way, half of what waits: its callers are served while the other half is appended."""
        if self._flying == 0 and len(self._queue) >= 2 * _LEAST:
            return min(self._most, -(-len(self._queue) // 2))
        return self._most

    async def _fly(self, batch: Sequence[Waiting]) -> None:
        reason = "the appender was stopped"
        try:
            await self._append(batch)
        except Exception as error:  # a bug: these callers ask the log, the others are served on
            reason = f"the answer was not understood: {type(error).__name__}"
            _LOG.error("appender: %s", reason)
        finally:
            for waiting in batch:
                _tell(waiting, Unknown(reason))
            self._flying -= 1
            self._sent -= len(batch)
            self._landed.set()

    async def __aenter__(self) -> "GroupAppender":
        self._task = asyncio.create_task(self.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A clean stop: what is waiting is still appended."""
        self._stopped = True
        self._ready.set()
        if self._task is not None:
            await self._task

    async def _gathered(self) -> bool:
        """Until something waits and may be sent, then some turns of the loop as long as more come. False: stopped."""
        while not self._queue or self._flying >= _FLYING:
            if self._stopped and not self._queue:
                return False
            event = self._landed if self._queue else self._ready
            event.clear()
            await event.wait()
        for _ in range(_TURNS):
            before = len(self._queue)
            await asyncio.sleep(0)
            if len(self._queue) == before or before >= self._most:
                break
        return True

    async def _append(self, batch: Sequence[Waiting]) -> None:
        """One call for all; where the server refuses it, one for each, so that none fails for another's sake."""
        commands = [waiting.command for waiting in batch]
        try:
            rows = await self._call(_encoded(commands))
        except Unavailable as error:
            for waiting in batch:
                _tell(waiting, error)
        except OutcomeLost as error:
            for waiting in batch:
                _tell(waiting, Unknown(str(error)))
            self._give_up()
            with suppress(Unavailable):
                await self._connected()  # at once: who comes next finds a new connection, or is told that there is none
        except CallRefused as error:
            if len(batch) > 1 and not error.code.startswith(_NOT_NOW):
                for waiting in batch:
                    await self._append([waiting])
            elif error.code.startswith("22"):  # the data
                _tell(batch[0], NotAppendable(f"the database refuses its data: {error.code}"))
            else:
                for waiting in batch:
                    _tell(waiting, Unavailable(f"the database refused: {error.code}"))
        else:
            found = verdicts(commands, rows)
            for waiting, verdict in zip(batch, found, strict=True):
                if not waiting.verdict.done():
                    waiting.verdict.set_result(verdict)
                if isinstance(verdict, Accepted):
                    self._hints.tell(verdict.position)

    def _give_up(self) -> None:
        """Who has waited behind a connection that was lost does not wait for another one to be lost, too."""
        patience = asyncio.get_running_loop().time() - _PATIENCE
        for waiting in self._queue:
            if waiting.since < patience:
                _tell(waiting, Unavailable("the database does not answer"))

    async def _call(self, arguments: Sequence[bytes]) -> list[Row]:
        connection = self._connection
        if connection is None or connection.broken:
            connection = await self._connected()
        return await connection.call(arguments, _CALL)

    async def _connected(self) -> AppendConnection:
        async with self._connecting:
            if self._connection is not None and self._connection.broken:
                await self._connection.close()
                self._connection = None
            if self._connection is None:
                self._rest.check()
                try:
                    self._connection = await AppendConnection.open(self._url, _CONNECT)
                except (psycopg.Error, TimeoutError, OutcomeLost, CallRefused) as error:
                    self._rest.failed()
                    raise Unavailable(f"no connection: {type(error).__name__}") from error
            return self._connection


def _encoded(commands: Sequence[Append]) -> list[bytes]:
    """Raises CallRefused, as the server would, for values of another type than they say."""
    try:
        return parameters(commands)
    except (TypeError, ValueError, struct.error) as error:
        raise CallRefused("22000") from error


def _tell(waiting: Waiting, outcome: Verdict | Exception) -> None:
    if waiting.verdict.done():
        return
    if isinstance(outcome, Exception):
        waiting.verdict.set_exception(outcome)
    else:
        waiting.verdict.set_result(outcome)
