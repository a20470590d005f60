"""Are the databases brought to the newest release by any number of runs, and the log's partitions made in time?"""

import asyncio
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from infra.embedded import postgres
from infra.event_log.appender import GroupAppender
from infra.event_log.partitions import SIZE, keep_ahead, make_ahead
from infra.ports import Accepted, Unavailable
from infra.postgres.migrate import migrate
from infra.postgres.tables import ours
from tests.infra.event_log.commands import command, event
from tests.kit.stack import Stack, Stores

pytestmark = pytest.mark.integration


@pytest.fixture
def empty(stack: Stack) -> Iterator[tuple[str, str]]:
    """Two databases without any table."""
    names = [f"test_{uuid.uuid4().hex}" for _ in range(2)]
    with psycopg.connect(stack.postgres_url, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        yield postgres.named(stack.postgres_url, names[0]), postgres.named(stack.postgres_url, names[1])
        for name in names:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


async def test_two_runs_at_the_same_time_and_one_more_make_the_tables_once(empty: tuple[str, str]) -> None:
    await asyncio.gather(*(asyncio.to_thread(migrate, *empty) for _ in range(2)))
    tables = (names(empty[0]), names(empty[1]))
    await asyncio.to_thread(migrate, *empty)

    assert (names(empty[0]), names(empty[1])) == tables
    assert {"log.events", "log.answers_7", "work.outbox", "identity.accounts", "read.orders_v1"} <= tables[0]
    assert {"public.data_keys", "public.signed_heads"} <= tables[1]
    assert "public.data_keys" not in tables[0]


async def test_the_tables_of_read_go_by_plain_names_too(stores: Stores) -> None:
    with psycopg.connect(stores.postgres_url) as connection:
        for name in ("products", "orders", "order_items", "carts", "cart_items", "payments"):
            query = sql.SQL("select count(*) from {}").format(sql.Identifier("read", name))
            assert connection.execute(query).fetchone() == (0,)
        rows = connection.execute("select indexname from pg_indexes where schemaname = 'read'").fetchall()
    indexes = {str(name) for (name,) in rows}
    assert indexes >= {"idx_products_category", "idx_products_price", "idx_orders_user", "idx_orders_status"}


async def test_two_partitions_are_ready_ahead_and_the_log_crosses_into_them(stores: Stores) -> None:
    with psycopg.connect(stores.postgres_url, autocommit=True) as connection:
        assert make_ahead(connection) == []
        connection.execute("update log.log_head set position = %s", (SIZE - 2,))
        async with GroupAppender(stores.postgres_url) as appender:
            crossing = command({"a": 0}, *(event("a", n) for n in (1, 2, 3)))
            assert await appender.append(crossing) == Accepted(SIZE + 1)

        assert make_ahead(connection) == ["events_000003"]
        assert make_ahead(connection) == []
        rows = connection.execute("select tableoid::regclass::text, position from log.events order by 2").fetchall()
        assert rows == [
            ("log.events_000000", SIZE - 1),
            ("log.events_000001", SIZE),
            ("log.events_000001", SIZE + 1),
        ]


async def test_partitions_are_kept_ahead_while_the_log_grows(stores: Stores) -> None:
    with psycopg.connect(stores.postgres_url, autocommit=True) as connection:
        connection.execute("update log.log_head set position = %s", (SIZE,))
        keeping = asyncio.create_task(keep_ahead(stores.postgres_url, every=0.01))
        async with asyncio.timeout(5):
            while "log.events_000003" not in names(stores.postgres_url):  # noqa: ASYNC110 it tells nobody
                await asyncio.sleep(0.02)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_making_partitions_waits_for_no_append(stores: Stores) -> None:
    with psycopg.connect(stores.postgres_url) as appending, psycopg.connect(stores.postgres_url) as other:
        appending.execute(
            "insert into log.events select 1, 'a', 1, 't', 1, gen_random_uuid(), gen_random_uuid(),"
            " now(), now(), '', '', ''"
        )
        other.execute("set lock_timeout = '2s'")
        other.execute("update log.log_head set position = %s", (2 * SIZE,))

        assert make_ahead(other) == ["events_000003", "events_000004"]
        other.rollback()
        appending.rollback()


async def test_without_a_partition_nothing_is_appended(stores: Stores) -> None:
    with psycopg.connect(stores.postgres_url, autocommit=True) as connection:
        connection.execute("update log.log_head set position = %s", (100 * SIZE,))
    sent = command({"a": 0}, event("a", 1))
    async with GroupAppender(stores.postgres_url) as appender:
        with pytest.raises(Unavailable):
            await appender.append(sent)

    with psycopg.connect(stores.postgres_url) as connection:
        assert connection.execute("select count(*) from log.answers").fetchone() == (0,)
        assert connection.execute("select count(*) from log.stream_heads").fetchone() == (0,)


async def test_the_function_refuses_a_transaction_that_would_not_see_its_neighbours(stores: Stores) -> None:
    with psycopg.connect(stores.postgres_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with pytest.raises(psycopg.errors.RaiseException, match="read committed"):
            connection.execute("select * from log.append(" + ", ".join(["null"] * 18) + ")")


def test_alembic_leaves_partitions_alone() -> None:
    assert not ours(None, "events_000001", "table", True, None)
    assert not ours(None, "answers_3", "table", True, None)
    assert ours(None, "events", "table", True, None)


def names(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        query = "select schemaname || '.' || tablename from pg_tables where schemaname not in ('pg_catalog')"
        return {str(name) for (name,) in connection.execute(query)}
