"""How much do callers get through who each send the next command when they have the answer to the last?"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg

from tools.bench.figures import quantile

Send = Callable[[int], Awaitable[object]]  # the caller's number


@dataclass(frozen=True, slots=True)
class Load:
    """What they got through."""

    rate: float  # commands a second
    p50: float  # milliseconds
    p99: float
    commits: float  # of the database, per hundred commands


async def load(url: str, send: Send, callers: int, seconds: float) -> Load:
    """So many callers for so long."""
    until = time.perf_counter() + seconds
    return await _load(url, send, callers, lambda: time.perf_counter() < until)


async def load_of(url: str, send: Send, callers: int, commands: int) -> Load:
    """So many callers until so many commands are sent."""
    left = iter(range(commands))
    return await _load(url, send, callers, lambda: next(left, None) is not None)


async def _load(url: str, send: Send, callers: int, more: Callable[[], bool]) -> Load:
    times: list[float] = []

    async def caller(number: int) -> None:
        while more():
            began = time.perf_counter()
            await send(number)
            times.append(time.perf_counter() - began)

    before = await _commits(url, send)
    began = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(callers)))
    took = time.perf_counter() - began
    commits = await _commits(url, send) - before
    milliseconds = [each * 1000 for each in times]
    return Load(
        rate=len(times) / took,
        p50=quantile(milliseconds, 0.5),
        p99=quantile(milliseconds, 0.99),
        commits=100 * commits / len(times),
    )


async def _commits(url: str, send: Send) -> int:
    """Transactions that the database has committed, by anybody.

    A backend reports them when a second has passed since its last report: so one more command, after a second.
    """
    await asyncio.sleep(1.1)
    await send(0)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute("select xact_commit from pg_stat_database where datname = current_database()")
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])
