"""The projections' process: every view in every store that keeps it, from one tail of the log.

Also the one place that knows all projections: tools and the read side get theirs here.
"""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from infra.clock import SystemClock
from infra.codec.json_codec import Codec
from infra.collector import settle
from infra.event_log.reader import PostgresLogReader
from infra.mongo.view_store import READER_SECONDS, Collected, MongoViewStore, open_client
from infra.observability.logs import configure, logger
from infra.ports import Generations, GenerationStore, Keys, LogReader, ViewStore
from infra.postgres.generations import PostgresGenerations
from infra.postgres.keys import PostgresKeys
from infra.postgres.leases import PostgresLeases
from infra.postgres.pool import Pool, open_pool, planned_once
from infra.postgres.view_store import PostgresViewStore
from infra.redis.key_values import RedisKeyValues, open_redis
from infra.settings import Settings, Stores, read_settings
from projections.cart_contents.projector import CART_CONTENTS
from projections.customer_profile.projector import CUSTOMER_PROFILE
from projections.inbox.projector import INBOX
from projections.order_history.projector import ORDER_HISTORY
from projections.order_tracking.projector import ORDER_TRACKING
from projections.order_tracking.view import OrderTracking
from projections.payment_ledger.projector import PAYMENT_LEDGER
from projections.product_page.projector import PRODUCT_PAGE
from projections.product_reviews.projector import PRODUCT_REVIEWS
from projections.public_changes.projector import PUBLIC_CHANGES
from projections.running import as_of
from projections.running.copies import Copier, Nudger
from projections.running.ending import end
from projections.running.feed import Feed
from projections.running.following import Following, Part, Parts
from projections.running.freshness import Freshness
from projections.running.lag import Health
from projections.running.moves import Moves
from projections.running.projection import MONGO, SQL, AnyProjection, Source
from projections.running.reading import Found, Readers
from projections.running.runner import Runner, Surroundings
from projections.running.touching import Touching
from projections.stock_levels.projector import STOCK_LEVELS
from projections.user_events.projector import USER_EVENTS
from write_model.handling.coding import Decode
from write_model.handling.registry import EVENTS, UPCASTS, decoder
from write_model.kernel.clock import Clock

CONNECTIONS = 6  # to the database with log and schema read
KEY_CONNECTIONS = 1
PATIENCE = 10.0  # seconds for a statement: a batch may be large, and nobody waits for it
REPORT_SECONDS = 10.0

ALL: tuple[AnyProjection, ...] = (
    ORDER_TRACKING,
    CART_CONTENTS,
    STOCK_LEVELS,
    PUBLIC_CHANGES,
    PRODUCT_PAGE,
    ORDER_HISTORY,
    PAYMENT_LEDGER,
    INBOX,
    CUSTOMER_PROFILE,
    PRODUCT_REVIEWS,
    USER_EVENTS,
)
NAMES: Mapping[type, str] = {schema.cls: schema.type for schema in EVENTS}


@dataclass(frozen=True, slots=True)
class Opened:
    """The stores of the read side, and the log that they are folded from."""

    stores: Mapping[str, ViewStore]
    copies: RedisKeyValues
    reader: LogReader
    keys: Keys
    decode: Decode
    leases: PostgresLeases
    generations: GenerationStore

    async def live(self, source: Source[Any]) -> Source[Any]:
        """In the generation that is live now. Raises Unavailable."""
        return source.at((await self.generations.read()).get(source.family, Generations()).live)


async def build_document_at(
    key: str, at: int | datetime, reader: LogReader, decode: Decode, document: OrderTracking | None = None
) -> Found[OrderTracking] | None:
    """An order as it stood. `document`: the live one, which names an adopted order's payments."""
    return await as_of.build_document_at(ORDER_TRACKING, key, at, reader, decode, document)


def touching(reader: LogReader, decode: Decode) -> Touching:
    """What the log's newest events touch of the catalogue."""
    watched = (PRODUCT_PAGE, STOCK_LEVELS, PRODUCT_REVIEWS)
    available = {STOCK_LEVELS.source.view: lambda event: int(event.available)}
    return Touching(reader, decode, NAMES, watched, available)


@asynccontextmanager
async def open_readers(settings: Settings, clock: Clock, *, told_of_all: bool = True) -> AsyncIterator[Readers]:
    """For a process that only reads. `clock`: for pauses while somebody waits.

    `told_of_all`: of every view that tells how far it is, for those who read what they have just written; else of what
    is told to the public alone.
    """
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(settings.stores.postgres_url, CONNECTIONS))
        stores, copies = _open_stores(stack, settings.stores, pool, READER_SECONDS)
        told = {each.source.family: each for each in ALL if each.nudge and (told_of_all or each is PUBLIC_CHANGES)}
        nudges = {view: partial(copies.nudges, str(each.nudge)) for view, each in told.items()}
        leads = {view: each.source.stores[0] for view, each in told.items() if each.entries is None}
        head = PostgresLogReader(pool).head
        freshness = Freshness(stores, clock, nudges, PostgresGenerations(pool), head, leads)
        await freshness.refresh()
        running = asyncio.create_task(freshness.run())
        try:
            yield Readers(stores, copies, freshness)
        finally:
            await end([running])


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Opened]:
    """Everything that projecting, comparing and rebuilding need. Raises SettingsMissing, SettingsInvalid."""
    kek = settings.secrets.kek_bytes()
    async with AsyncExitStack() as stack:
        url = planned_once(settings.stores.postgres_url)
        views_pool = await stack.enter_async_context(open_pool(url, CONNECTIONS, PATIENCE))
        stores, copies = _open_stores(stack, settings.stores, views_pool)
        pool = await stack.enter_async_context(open_pool(url, 3, PATIENCE))
        keys_pool = await stack.enter_async_context(open_pool(settings.stores.keys_url, KEY_CONNECTIONS))
        keys = PostgresKeys(keys_pool, kek)
        reader = await stack.enter_async_context(PostgresLogReader(pool))
        decode = decoder(Codec(EVENTS, UPCASTS), keys)
        yield Opened(stores, copies, reader, keys, decode, PostgresLeases(pool), PostgresGenerations(pool))


def _open_stores(
    stack: AsyncExitStack, urls: Stores, pool: Pool, seconds: float | None = None
) -> tuple[Mapping[str, ViewStore], RedisKeyValues]:
    client = open_client(urls.mongo_url)
    stack.push_async_callback(client.close)
    redis = open_redis(urls.redis_url)
    stack.push_async_callback(redis.aclose)
    collected = [Collected(each.target, each.indexes, each.keep_days) for each in ALL if MONGO in each.source.stores]
    children = {each.target: tuple(f"{child}_v{each.source.version}" for child in each.children) for each in ALL}
    return {MONGO: MongoViewStore(client, collected, seconds), SQL: PostgresViewStore(pool, children)}, RedisKeyValues(
        redis
    )


def runners(
    opened: Opened, health: Health, feed: Feed, clock: Clock, worker: str, projections: Sequence[AnyProjection] = ALL
) -> Sequence[Part]:
    """Everything that runs side by side until it is cancelled: each projection in the generation that it names."""
    moves, parts = parts_of(opened, health, feed, clock, worker)
    return [*moves, *(part for projection in projections for part in parts(projection, True))]


def parts_of(opened: Opened, health: Health, feed: Feed, clock: Clock, worker: str) -> tuple[Sequence[Part], Parts]:
    """What all projections share, and what runs one in each of its stores."""
    around = Surroundings(feed, opened.leases, clock, health, worker)
    moves = {name: Moves(store, clock) for name, store in opened.stores.items()}

    def parts(projection: AnyProjection, is_live: bool) -> Sequence[Part]:
        running: list[Part] = []
        for name in projection.source.stores:
            leads = is_live and name == projection.source.stores[0]  # its copies and its nudges follow this store
            copier = Copier(projection.target, opened.copies, clock) if leads and projection.copies else None
            nudger = Nudger(projection.nudge, opened.copies, clock) if leads and projection.nudge else None
            store = opened.stores[name]
            running.append(Runner(projection, name, store, around, moves[name], copier, nudger))
            running += [part for part in (copier, nudger) if part is not None]
        return running

    return list(moves.values()), parts


def following(opened: Opened, health: Health, feed: Feed, clock: Clock, worker: str) -> Sequence[Part]:
    """Everything that runs side by side until it is cancelled: all projections in all generations that are kept."""
    moves, parts = parts_of(opened, health, feed, clock, worker)
    return [*moves, Following(opened.generations, ALL, parts, clock)]


async def run(settings: Settings, ended: asyncio.Event) -> None:
    """Project until `ended` is set."""
    clock, health = SystemClock(), Health()
    async with build(settings) as opened:
        feed = Feed(opened.reader, opened.decode, NAMES, clock)
        worker = settings.runtime.worker or f"{socket.gethostname()}:{os.getpid()}"
        parts = following(opened, health, feed, clock, worker)
        running = [asyncio.create_task(part.run()) for part in (feed, *parts)]
        running.append(asyncio.create_task(_report(health, feed, clock)))
        ending = asyncio.create_task(ended.wait())
        settle()
        print("ready projections", flush=True)  # noqa: T201 the runner of the platform waits for this line
        try:
            await asyncio.wait([ending, *running], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            await end(running)
        for task in running:
            if not task.cancelled() and (problem := task.exception()) is not None:
                raise problem


async def _report(health: Health, feed: Feed, clock: Clock) -> None:
    """Say in the log whatever does not simply run."""
    told: Mapping[str, object] = {}
    while True:
        await clock.sleep(REPORT_SECONDS)
        lines = health.report(feed.head)
        unwell = {name: line for name, line in lines.items() if line["state"] != "running" or line["parked"]}
        states = {name: (line["state"], line["error"], line["parked"]) for name, line in unwell.items()}
        if states != told:
            logger().warning("projections", unwell=unwell) if unwell else logger().info("projections run")
            told = states


async def _main() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await run(read_settings(), ended)


def main() -> None:
    import uvloop

    configure("projections")
    uvloop.run(_main())


if __name__ == "__main__":
    main()
