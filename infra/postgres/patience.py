"""How long is PostgreSQL waited for? So many seconds a statement; then the connection is thrown away, not argued with.

The driver's own cancellation asks the server to cancel and waits for its answer; from a frozen server none comes.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import AsyncConnection, pq, waiting
from psycopg.abc import PQGen
from psycopg_pool import AsyncConnectionPool, PoolTimeout

PATIENCE = 2.0  # seconds for one statement
REST_SECONDS = 1.0  # after nothing was heard at all, unless a new connection shows that somebody is there


class Hearing:
    """What all connections of a pool have heard of the server lately."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last = self._until = float("-inf")

    def heard(self) -> None:
        """It has answered somebody."""
        self._last = self._now()

    def connected(self) -> None:
        """It takes new connections: nobody has to be turned away."""
        self._last, self._until = self._now(), float("-inf")

    def missed(self, seconds: float) -> None:
        """One connection has waited so long in vain. If none has heard anything since, the server is away."""
        now = self._now()
        if self._last <= now - seconds:
            self._until = now + REST_SECONDS

    def check(self) -> None:
        """Raises PoolTimeout while the server is taken to be away: nobody waits for it in vain once more."""
        if self._now() < self._until:
            raise PoolTimeout("PostgreSQL has just failed to answer")


class PatientConnection(AsyncConnection[Any]):
    """An answer that takes longer than `patience` seconds, or is not wanted any more, ends the connection."""

    patience: float = PATIENCE
    hearing: Hearing | None = None

    async def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        """Raises psycopg.OperationalError when it is over. `timeout`: the caller's own patience, which ends nothing."""
        seconds = self.patience if timeout is None else timeout
        try:
            answer = await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=seconds)
        except asyncio.CancelledError:
            self._throw_away()
            raise
        except psycopg.OperationalError:
            if timeout is None and self._throw_away() and self.hearing is not None:
                self.hearing.missed(seconds)
            raise
        if self.hearing is not None:
            self.hearing.heard()
        return answer

    def _throw_away(self) -> bool:
        """Whether a statement was still under way: then nobody else may use what is left of this connection."""
        if self.pgconn.transaction_status != pq.TransactionStatus.ACTIVE:
            return False
        self.pgconn.finish()
        return True


class PatientPool(AsyncConnectionPool[PatientConnection]):
    """Turns callers away at once while the server does not answer anybody."""

    def __init__(self, url: str, size: int, patience: float, **options: Any) -> None:
        self._hearing = Hearing()
        self._patience = patience
        super().__init__(
            url, connection_class=PatientConnection, max_size=size, configure=self._made, open=False, **options
        )

    async def getconn(self, timeout: float | None = None) -> PatientConnection:
        self._hearing.check()
        return await super().getconn(timeout)

    async def _made(self, connection: PatientConnection) -> None:
        connection.patience, connection.hearing = self._patience, self._hearing
        self._hearing.connected()
