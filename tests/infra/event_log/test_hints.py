"""Do readers hear that the log has grown, also after the connection of the hints was lost?"""

import asyncio

import psycopg
import pytest

from infra.event_log.hints import CHANNEL, Hints
from tests.kit.stack import Stores

pytestmark = pytest.mark.integration


async def test_of_what_is_told_at_once_the_newest_is_heard_and_nothing_older_after_it(stores: Stores) -> None:
    hints = Hints(stores.postgres_url)
    async with await psycopg.AsyncConnection.connect(stores.postgres_url, autocommit=True) as connection:
        await connection.execute(f"listen {CHANNEL}")
        running = asyncio.create_task(hints.run())
        try:
            hints.tell(7)
            hints.tell(5)
            assert [int(hint.payload) async for hint in connection.notifies(timeout=10, stop_after=1)] == [7]
            hints.tell(6)
            hints.tell(9)
            assert [int(hint.payload) async for hint in connection.notifies(timeout=10, stop_after=1)] == [9]
        finally:
            running.cancel()


async def test_a_lost_connection_is_made_again(stores: Stores) -> None:
    hints = Hints(stores.postgres_url)
    async with await psycopg.AsyncConnection.connect(stores.postgres_url, autocommit=True) as connection:
        await connection.execute(f"listen {CHANNEL}")
        running = asyncio.create_task(hints.run())
        try:
            hints.tell(1)
            assert [int(hint.payload) async for hint in connection.notifies(timeout=10, stop_after=1)] == [1]
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where query like 'notify %'"
            )
            async with asyncio.timeout(30):
                position, found = 1, 0
                while found < 2:  # one that was told into the lost connection is lost
                    position += 1
                    hints.tell(position)
                    async for hint in connection.notifies(timeout=0.5, stop_after=1):
                        found = int(hint.payload)
            assert found == position
        finally:
            running.cancel()
