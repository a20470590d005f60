"""What time is it? The host's, or, where tests move it, the one that PostgreSQL tells all processes alike."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.postgres.reachable import reachable

_NOW = "select clock_timestamp() + ahead from work.virtual_clock"
_LOOK_EVERY = 0.05  # seconds: how soon a sleeper sees that the clock was moved


class SystemClock:
    """The host's clock."""

    async def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class DatabaseClock:
    """TELOCOMPRO_CLOCK=virtual: the database's clock, moved ahead for all processes at once."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        self._pool = pool

    async def now(self) -> datetime:
        """Raises Unavailable."""
        async with reachable(), self._pool.connection() as connection:
            cursor = await connection.execute(_NOW)
            row = await cursor.fetchone()
        assert row is not None
        moment: datetime = row[0]
        return moment.astimezone(UTC)

    async def sleep(self, seconds: float) -> None:
        """Until this clock has gone on by so much: moving it ahead ends the sleep."""
        until = (await self.now()).timestamp() + seconds
        left = seconds
        while left > 0:
            await asyncio.sleep(min(left, _LOOK_EVERY))
            left = until - (await self.now()).timestamp()

    async def advance(self, seconds: float) -> None:
        """Move the clock of every process ahead."""
        async with reachable(), self._pool.connection() as connection:
            await connection.execute(
                "update work.virtual_clock set ahead = ahead + make_interval(secs => %s)", (seconds,)
            )
