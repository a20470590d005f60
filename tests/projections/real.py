"""The projections on real servers, with a log that the test appends to and readers as the read side has them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from pymongo import AsyncMongoClient

from infra.clock import SystemClock
from infra.event_log.appender import GroupAppender
from infra.event_log.reader import PostgresLogReader
from infra.mongo.view_store import Collected, MongoViewStore, open_client
from infra.ports import Unavailable, ViewStore
from infra.postgres.generations import PostgresGenerations
from infra.postgres.leases import PostgresLeases
from infra.postgres.pool import Pool, open_pool
from infra.postgres.view_store import PostgresViewStore
from infra.redis.key_values import RedisKeyValues, open_redis
from projections.main import ALL, NAMES, Opened, following
from projections.running.comparing import Compared, compare
from projections.running.ending import end
from projections.running.feed import Feed
from projections.running.following import Part
from projections.running.freshness import Freshness
from projections.running.lag import Health
from projections.running.projection import MONGO, SQL, AnyProjection
from projections.running.reading import Readers
from tests.kit.given_view import ALog
from tests.kit.stack import Stores

SOON = 20.0  # seconds


@dataclass
class Real:
    log: ALog
    opened: Opened
    readers: Readers
    feed: Feed
    health: Health
    pool: Pool
    mongo: AsyncMongoClient[dict[str, object]]

    async def settled(self, position: int) -> None:
        """Until every projection is there in each of its stores, copies included."""
        async with asyncio.timeout(SOON):
            while not await self._is_at(position):  # noqa: ASYNC110 stores tell nobody
                await asyncio.sleep(0.01)

    async def _is_at(self, position: int) -> bool:
        for projection in ALL:
            for name in projection.source.stores:
                try:
                    if await self.opened.stores[name].position(projection.target) < position:
                        return False
                except Unavailable:
                    return False
        return True

    async def compared(self, projection: AnyProjection) -> dict[str, Compared]:
        stores = {name: self.opened.stores[name] for name in projection.source.stores}
        return dict(await compare(projection, stores, self.opened.copies, self.feed))

    async def differences(self) -> int:
        """Documents and copies that are not what the log gives."""
        found = [await self.compared(projection) for projection in ALL]
        return sum(each.differing for one in found for each in one.values())

    async def equals_a_refold(self) -> int:
        """How many documents were compared; a difference fails the test."""
        documents = 0
        for projection in ALL:
            for store, found in (await self.compared(projection)).items():
                assert found.first == [], (projection.name, store, found.first)
                documents += found.documents
        return documents


@asynccontextmanager
async def projecting(stores: Stores, redis_url: str | None = None) -> AsyncIterator[Real]:
    """All projections run until the block ends."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(stores.postgres_url, 8))
        reader = await stack.enter_async_context(PostgresLogReader(pool))
        appender = await stack.enter_async_context(GroupAppender(stores.postgres_url))
        mongo = open_client(stores.mongo_url)
        stack.push_async_callback(mongo.close)
        redis = open_redis(redis_url or stores.redis_url)
        stack.push_async_callback(redis.aclose)
        log = ALog(appender, reader)
        collected = [
            Collected(each.target, each.indexes, each.keep_days) for each in ALL if MONGO in each.source.stores
        ]
        children = {each.target: tuple(f"{child}_v1" for child in each.children) for each in ALL}
        kept: Mapping[str, ViewStore] = {
            MONGO: MongoViewStore(mongo, collected),
            SQL: PostgresViewStore(pool, children),
        }
        opened = Opened(
            kept, RedisKeyValues(redis), reader, log.keys, log.decode, PostgresLeases(pool), PostgresGenerations(pool)
        )
        feed, health = Feed(reader, log.decode, NAMES, clock), Health()
        readers = _readers(stores, redis_url, stack, clock, pool)
        parts: list[Part] = [feed, readers.freshness, *following(opened, health, feed, clock, "test")]
        tasks = [asyncio.create_task(part.run()) for part in parts]
        try:
            yield Real(log, opened, readers, feed, health, pool, mongo)
        finally:
            await end(tasks)


def _readers(stores: Stores, redis_url: str | None, stack: AsyncExitStack, clock: SystemClock, pool: Pool) -> Readers:
    """With connections of their own, as in another process."""
    mongo = open_client(stores.mongo_url)
    stack.push_async_callback(mongo.close)
    redis = open_redis(redis_url or stores.redis_url)
    stack.push_async_callback(redis.aclose)
    kept: Mapping[str, ViewStore] = {MONGO: MongoViewStore(mongo), SQL: PostgresViewStore(pool)}
    return Readers(kept, RedisKeyValues(redis), Freshness(kept, clock, generations=PostgresGenerations(pool)))
