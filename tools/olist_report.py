"""What do the read models say of the adopted orders? Rows of schema `read`; reviews and people of MongoDB."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString

from psycopg import AsyncConnection
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection

from infra.ports import Generations
from infra.postgres.generations import PostgresGenerations
from infra.postgres.pool import open_pool
from infra.settings import Settings
from projections.customer_profile.view import SOURCE as CUSTOMERS
from projections.product_reviews.view import SOURCE as REVIEWS
from projections.running.projection import Source
from tools.reconcile_olist import OrderFacts

PATIENCE = 600.0  # seconds for the read models to follow
ORDERS: LiteralString = """
    select id, document->'origin'->>'orderId', document->'origin'->>'status',
        to_char(placed_at at time zone 'America/Sao_Paulo', 'YYYY-MM')
    from read.orders where origin = 'import'
"""
ITEMS: LiteralString = """
    select order_id, line, unit_price_minor, freight_minor from read.order_items
    where order_id in (select id from read.orders where origin = 'import')
"""
PAYMENTS: LiteralString = """
    select order_id, (document->>'sequence')::int, type, instalments, (document->>'amountMinor')::bigint
    from read.payments where origin = 'import'
"""


async def follow(settings: Settings, position: int) -> None:
    """Until every read model has reached the position; by runners of our own where no others are at work.

    Raises TimeoutError.
    """
    from infra.clock import SystemClock
    from projections.main import ALL, NAMES, build, following
    from projections.running.ending import end
    from projections.running.feed import Feed
    from projections.running.lag import Health

    clock = SystemClock()
    async with build(settings) as opened, asyncio.timeout(PATIENCE):
        feed = Feed(opened.reader, opened.decode, NAMES, clock)
        parts = following(opened, Health(), feed, clock, f"import:{os.getpid()}")
        running = [asyncio.create_task(part.run()) for part in (feed, *parts)]
        wanted = [(store, await opened.live(each.source)) for each in ALL for store in each.source.stores]
        try:
            for store, source in wanted:
                while await opened.stores[store].position(source.target) < position:  # noqa: ASYNC110 others may be the runners
                    await asyncio.sleep(0.05)
        finally:
            await end(running)


async def read_facts(settings: Settings) -> dict[str, OrderFacts]:
    """By the order id of the other system."""
    facts: dict[str, OrderFacts] = {}
    names: dict[str, str] = {}  # our order id → theirs
    async with await AsyncConnection.connect(settings.stores.postgres_url) as connection:
        async for ours, theirs, status, month in _rows(connection, ORDERS):
            names[ours] = theirs
            facts[theirs] = OrderFacts(status, month)
        async for order, line, price, freight in _rows(connection, ITEMS):
            facts[names[order]].items.append((int(line), price, freight))
        async for order, sequence, type_, instalments, amount in _rows(connection, PAYMENTS):
            found = facts.setdefault(names.get(order, order), OrderFacts())
            found.payments.append((sequence, type_, instalments, amount))
    async with _live(settings, REVIEWS) as reviews:
        async for review in reviews.find({"originId": {"$ne": None}}, {"orderId": 1, "score": 1}):
            order = review["orderId"]
            facts.setdefault(names.get(order, order), OrderFacts()).scores.append(review["score"])
    return {order: found.sorted() for order, found in facts.items()}


async def people(settings: Settings) -> int:
    """How many persons were adopted."""
    async with _live(settings, CUSTOMERS) as customers:
        return await customers.count_documents({"adopted.0": {"$exists": True}})


@asynccontextmanager
async def _live(settings: Settings, source: Source[Any]) -> AsyncIterator[AsyncCollection[dict[str, Any]]]:
    """The view's documents, in the generation that is live."""
    async with open_pool(settings.stores.postgres_url, 1) as pool:
        views = await PostgresGenerations(pool).read()
    live = source.at(views.get(source.family, Generations()).live)
    async with AsyncMongoClient[dict[str, Any]](settings.stores.mongo_url) as client:
        yield client.get_default_database("telocompro")[live.target]


async def _rows(connection: AsyncConnection, query: LiteralString) -> AsyncIterator[tuple[Any, ...]]:
    async with connection.cursor(name="facts") as cursor:
        await cursor.execute(query)
        async for row in cursor:
            yield row
