"""Do readers hear that the log has grown, also after the connection of the hints was lost?"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from infra.event_log.hints import CHANNEL, Hints
from tests.kit.stack import Stores

pytestmark = pytest.mark.integration

Listening = psycopg.AsyncConnection[Any]


@pytest.fixture
async def listening(stores: Stores) -> AsyncIterator[Listening]:
    async with await psycopg.AsyncConnection.connect(stores.postgres_url, autocommit=True) as connection:
        await connection.execute(f"listen {CHANNEL}")
        yield connection


@pytest.fixture
async def hints(stores: Stores) -> AsyncIterator[Hints]:
    """At work."""
    made = Hints(stores.postgres_url)
    running = asyncio.create_task(made.run())
    yield made
    running.cancel()
    await asyncio.wait([running])


async def heard(connection: Listening, seconds: float = 10.0) -> list[int]:
    """The next hint; nothing: none came."""
    return [int(hint.payload) async for hint in connection.notifies(timeout=seconds, stop_after=1)]


async def test_of_what_is_told_at_once_the_newest_is_heard_and_nothing_older_after_it(
    listening: Listening, hints: Hints
) -> None:
    hints.tell(7)
    hints.tell(5)
    assert await heard(listening) == [7]
    hints.tell(6)
    hints.tell(9)
    assert await heard(listening) == [9]


async def test_a_lost_connection_is_made_again(listening: Listening, hints: Hints) -> None:
    hints.tell(1)
    assert await heard(listening) == [1]
    await listening.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and query like 'notify %'"
    )
    position, found = 1, [0]
    async with asyncio.timeout(30):
        while found < [2]:  # one that was told into the lost connection is lost
            position += 1
            hints.tell(position)
            found = await heard(listening, 0.5) or [0]
    assert found == [position]
