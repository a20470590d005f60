"""How long does a caller wait for a PostgreSQL that stands still, and what is left of the pool afterwards?"""

import asyncio
import time

import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra.ports import Unavailable
from infra.postgres.patience import REST_SECONDS, Hearing
from infra.postgres.pool import Pool, hurried, open_pool
from infra.postgres.reachable import reachable
from tests.kit.frozen import Frozen
from tests.kit.stack import Stores

SIZE = 4
LONGEST = 3.5  # seconds that anybody may wait


class Moment:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_callers_are_turned_away_for_a_moment_once_nobody_was_heard() -> None:
    moment = Moment()
    hearing = Hearing(moment)
    hearing.missed(2.0)

    with pytest.raises(PoolTimeout):
        hearing.check()
    moment.now += REST_SECONDS

    hearing.check()


def test_one_silent_connection_turns_nobody_away_while_others_are_answered() -> None:
    moment = Moment()
    hearing = Hearing(moment)
    moment.now += 1.5
    hearing.heard()
    moment.now += 0.5

    hearing.missed(2.0)

    hearing.check()


def test_a_new_connection_shows_that_somebody_is_there_again() -> None:
    hearing = Hearing(Moment())
    hearing.missed(2.0)

    hearing.connected()

    hearing.check()


@pytest.mark.integration
async def test_a_frozen_server_ends_every_waiting_caller_in_time_and_the_pool_comes_back_to_its_size(
    stores: Stores,
) -> None:
    async with Frozen(stores.postgres_url) as way, open_pool(way.url, SIZE) as pool:
        await asyncio.gather(*(slept(pool, 0.05) for _ in range(SIZE)))
        assert pool.get_stats()["pool_size"] == SIZE

        async def ask_again_and_again() -> float:
            """Until told that nobody is there; the seconds of the last call."""
            while True:
                begun = time.monotonic()
                try:
                    await slept(pool, 0.001)
                except Unavailable:
                    return time.monotonic() - begun

        callers = [asyncio.create_task(ask_again_and_again()) for _ in range(5 * SIZE)]
        await asyncio.sleep(0.2)
        way.flowing.clear()
        waited = await asyncio.gather(*callers)
        at_once = await ask_again_and_again()
        way.flowing.set()

        assert max(waited) < LONGEST
        assert at_once < LONGEST
        await until_answered(pool)
        await asyncio.gather(*(slept(pool, 0.2) for _ in range(SIZE)))
        assert pool.get_stats()["pool_size"] == SIZE


@pytest.mark.integration
async def test_a_caller_who_goes_away_leaves_no_connection_that_waits_for_an_answer(stores: Stores) -> None:
    async with Frozen(stores.postgres_url) as way, open_pool(way.url, 1) as pool:
        await slept(pool, 0)
        way.flowing.clear()
        waiting = asyncio.create_task(slept(pool, 0))
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        way.flowing.set()

        assert time.monotonic() - begun < 1
        await until_answered(pool)


@pytest.mark.integration
async def test_who_is_in_a_hurry_waits_no_longer_than_said(stores: Stores) -> None:
    async with Frozen(stores.postgres_url) as way, open_pool(way.url, 1) as pool:
        await slept(pool, 0)
        way.flowing.clear()
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            async with reachable(), hurried(pool, 0.3) as connection:
                await connection.execute("select 1")
        way.flowing.set()

        assert time.monotonic() - begun < 1.5
        await until_answered(pool)


@pytest.mark.integration
async def test_a_statement_that_takes_too_long_is_ended_by_the_server_and_its_connection_stays(stores: Stores) -> None:
    async with open_pool(stores.postgres_url, 1, patience=0.5) as pool:
        before = await backend(pool)
        with pytest.raises(Unavailable):
            await slept(pool, 5)

        assert await backend(pool) == before


async def slept(pool: AsyncConnectionPool[AsyncConnection[tuple[object, ...]]], seconds: float) -> None:
    async with reachable(), pool.connection() as connection:
        await connection.execute("select pg_sleep(%s)", [seconds])


async def backend(pool: Pool) -> object:
    async with pool.connection() as connection:
        row = await (await connection.execute("select pg_backend_pid()")).fetchone()
    assert row is not None
    return row[0]


async def until_answered(pool: Pool) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await slept(pool, 0)
            except Unavailable:
                await asyncio.sleep(0.05)
            else:
                return
