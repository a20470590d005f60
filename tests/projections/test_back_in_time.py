"""Does a store that went back in time heal by itself, while nothing else happens?"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis as sync_redis
from psycopg import sql

from projections.order_tracking.view import SOURCE, order
from projections.running.freshness import Behind, Rebuilding
from projections.running.log_end import LostFuture
from projections.stock_levels.view import SOURCE as LEVELS
from projections.stock_levels.view import stock
from tests.kit.builders.ids import ORDER_ID, VARIANT_ID
from tests.kit.builders.product import product_on_sale
from tests.kit.builders.stock import stock_of, stock_received
from tests.kit.builders.story import a_story
from tests.kit.stack import PrivateRedis, Stores
from tests.projections.readers import reading
from tests.projections.real import Real, projecting

pytestmark = pytest.mark.integration

ORDER = str(ORDER_ID)
SOON = 30.0  # seconds


async def tell(real: Real, events: Any) -> int:
    head = 0
    for event in events:
        head = await real.log.append(event)
    await real.settled(head)
    return head


def halves() -> tuple[list[Any], list[Any]]:
    story = list(a_story())
    return story[: len(story) // 2], story[len(story) // 2 :]


async def healed(real: Real, head: int, least: int) -> None:
    """Within moments, without any further event."""
    await real.settled(head)
    until = asyncio.get_running_loop().time() + SOON
    while await real.differences() and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 stores tell nobody
        await asyncio.sleep(0.2)
    assert await real.equals_a_refold() >= least


@asynccontextmanager
async def never_older(real: Real, position: int) -> AsyncIterator[None]:
    """Whoever reads meanwhile is shown nothing older than before, or is told that it is being rebuilt."""

    async def read() -> None:
        while True:
            for at_least in (0, position):
                try:
                    found = await order(real.readers, ORDER, at_least)
                except (Behind, Rebuilding):
                    pass
                else:
                    assert found is not None
                    assert found.document.status == "CONFIRMED", found.position
                await asyncio.sleep(0.05)

    reader = asyncio.create_task(read())
    try:
        yield
        if reader.done():
            reader.result()
    finally:
        reader.cancel()
        await asyncio.wait([reader])


async def test_a_mongodb_restored_from_an_older_dump_is_filled_up_again(stores: Stores) -> None:
    first, second = halves()
    async with projecting(stores) as real:
        await tell(real, first)
        database = real.mongo.get_default_database()
        dump: Mapping[str, Any] = {
            name: await database[name].find().to_list() for name in await database.list_collection_names()
        }
        head = await tell(real, second)
        await real.readers.freshness.refresh()
        await forget_copies(stores)
        async with never_older(real, head):
            names = await database.list_collection_names()

            async def restore(session: Any) -> None:
                for name in names:
                    await database[name].delete_many({}, session=session)
                    if dump.get(name):
                        await database[name].insert_many(dump[name], session=session)

            async with real.mongo.start_session() as session:
                await session.with_transaction(restore)  # at once, as if the server had been stopped for it
            await healed(real, head, 25)


async def test_a_schema_read_restored_from_an_older_dump_is_filled_up_again(stores: Stores) -> None:
    first, second = halves()
    async with projecting(stores) as real:
        await tell(real, first)
        async with await psycopg.AsyncConnection.connect(stores.postgres_url) as connection:
            await connection.execute("create schema dumped")
            rows = await connection.execute("select tablename from pg_tables where schemaname = 'read'")
            tables = sorted(row[0] for row in await rows.fetchall())
            for table in tables:
                await connection.execute(copying("create table {new} as table {old}", table, "dumped", "read"))
        head = await tell(real, second)
        await real.readers.freshness.refresh()
        await forget_copies(stores)
        async with never_older(real, head):
            async with await psycopg.AsyncConnection.connect(stores.postgres_url) as connection:
                for table in tables:
                    await connection.execute(copying("delete from {new}", table, "read", "dumped"))
                    await connection.execute(copying("insert into {new} select * from {old}", table, "read", "dumped"))
            await healed(real, head, 25)


async def test_a_redis_restored_from_an_older_dump_shows_nothing_old_and_is_made_again(
    stores: Stores, private_redis: PrivateRedis
) -> None:
    first, second = halves()
    async with projecting(stores, private_redis.url) as real:
        await tell(real, first)
        with sync_redis.Redis.from_url(private_redis.url) as client:
            assert await until_covered(client, real, SOURCE.target)
            dump = {key: client.dump(key) for key in client.scan_iter()}
            head = await tell(real, second)
            await real.readers.freshness.refresh()
            async with never_older(real, head):
                client.flushall()
                for key, value in dump.items():
                    client.restore(key, 0, value)
                await healed(real, head, 25)
                assert await until_covered(client, real, SOURCE.target) == head


async def test_after_a_restore_of_the_log_from_an_older_backup_what_it_lost_is_folded_away(stores: Stores) -> None:
    async with projecting(stores) as real:
        kept = await tell(real, [*product_on_sale(), *stock_of(10)])
        versions = dict(real.log.versions)
    older = copied_database(stores)
    async with projecting(stores) as real:
        go_on(real, versions, 100)
        lost = await tell(real, [stock_received(quantity=5, available=15 + number) for number in range(20)])
    restored = replace(stores, postgres_url=older)
    try:
        async with projecting(restored) as real, reading(restored) as readers:
            async with asyncio.timeout(10):
                with pytest.raises(LostFuture) as told:
                    await readers.freshness.reach(LEVELS, lost, 60)
            assert told.value.head == kept
            await until_folded_away(real, readers, kept)
            go_on(real, versions, 200)
            head = await tell(real, [stock_received(quantity=1, available=11)])
            await healed(real, head, 4)
            assert await readers.freshness.reach(LEVELS, head, 10) >= head
            found = await stock(readers, [str(VARIANT_ID)], head)
            assert found[str(VARIANT_ID)].document.available == 11
    finally:
        drop_database(stores, older)


def go_on(real: Real, versions: Mapping[str, int], commands: int) -> None:
    """Append to streams as they are, by commands that nobody has sent."""
    real.log.versions, real.log.commands = dict(versions), commands


async def until_folded_away(real: Real, readers: Any, head: int) -> None:
    """Until no store and no copy holds more than the log; what is shown meanwhile is no lost future."""
    async with asyncio.timeout(SOON):
        while True:
            try:
                found = await stock(readers, [str(VARIANT_ID)], head)
                position = max((each.position for each in found.values()), default=0)
            except (Behind, Rebuilding):
                position = 0
            there = [await store.checkpoints() for store in real.opened.stores.values()]
            positions = [each.position for checkpoints in there for each in checkpoints.values()]
            if position == head and set(positions) == {head}:
                return
            await asyncio.sleep(0.02)


async def until_covered(client: "sync_redis.Redis", real: Real, view: str) -> int:
    """Until the copies hold what the documents do; up to where."""
    async with asyncio.timeout(SOON):
        while True:
            position = await real.opened.stores["mongo"].position(view)
            covered = client.hget(f"view:{view}", "covered")
            if covered is not None and int(covered) == position:
                return position
            await asyncio.sleep(0.02)


async def forget_copies(stores: Stores) -> None:
    """So that documents are read."""
    with sync_redis.Redis.from_url(stores.redis_url) as client:
        client.flushdb()


def copying(statement: str, table: str, new: str, old: str) -> sql.Composed:
    return sql.SQL(statement).format(new=sql.Identifier(new, table), old=sql.Identifier(old, table))


def copied_database(stores: Stores) -> str:
    """The URL of a copy: a backup of what is there now."""
    parts = urlsplit(stores.postgres_url)
    name = parts.path[1:]
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as connection:
        statement = sql.SQL("create database {} template {}")
        connection.execute(statement.format(sql.Identifier(f"{name}_backup"), sql.Identifier(name)))
    return urlunsplit(parts._replace(path=f"/{name}_backup"))


def drop_database(stores: Stores, url: str) -> None:
    name = sql.Identifier(urlsplit(url).path[1:])
    with psycopg.connect(stores.postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
