"""What does it cost to know an aggregate? The key `load_aggregate`: load and decide, beside reading its rows.

Remembered, over a stream of 100 events; and by a process that has never seen it (`load_aggregate_snapshot`), over 300
events of which a snapshot holds the first 250.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence

import psycopg

from infra.clock import SystemClock
from infra.codec.json_codec import Codec
from infra.event_log.chain import event_digest
from infra.event_log.snapshots import PostgresSnapshots
from infra.ids import Uuid7Ids
from infra.memory.keys import MemoryKeys
from infra.postgres.pool import Pool, open_pool
from tools.bench.append import Bench, bench
from tools.bench.figures import Figure, Limit, median
from tools.bench.plan import QUICK, Plan
from write_model.handling.bus import Bus, build_bus
from write_model.handling.registry import EVENTS as EVENT_SCHEMAS
from write_model.handling.registry import REGISTRY, UPCASTS
from write_model.handling.request import Request
from write_model.kernel.ids import stock_item, stream
from write_model.kernel.message import Actor
from write_model.stock.commands import ReceiveStock

EVENTS = 100  # of the stream
LONG, KEPT = 300, 250  # events of the one with a snapshot, and in the snapshot
_TIMES = 400  # of one run
_ROWS = "select version, type, schema, metadata, payload from log.events where stream = %s order by version"
_SNAPSHOT = "select version, state from log.snapshots where stream = %s"
_REST = (
    "select version, type, schema, metadata, payload from log.events"
    " where stream = %s and version > %s order by version"
)


async def measure(url: str, keys_url: str, plan: Plan = QUICK) -> Sequence[Figure]:
    """The database must be migrated."""
    async with (
        bench(url, keys_url, 2) as made,
        open_pool(url, 2) as pool,
        await psycopg.AsyncConnection.connect(url, autocommit=True, prepare_threshold=0) as connection,
    ):
        name, longer = await _long_stream(made, 0, EVENTS), await _long_stream(made, 1, KEPT)
        stranger = _forgetful(made, pool)
        await stranger.known(longer)  # keeps where it led
        await _long_stream(made, 1, LONG)

        async def bare() -> None:
            await (await connection.execute(_ROWS, (name,))).fetchall()

        async def caught_up() -> None:
            await made.bus.known(name)

        async def folded() -> None:
            await made.bus.known(name, EVENTS - 1)  # not the remembered one: all rows are read and folded

        async def bare_rest() -> None:
            await (await connection.execute(_SNAPSHOT, (longer,))).fetchall()
            await (await connection.execute(_REST, (longer, KEPT))).fetchall()

        limits, decided = [await _each(bare)], list[float]()
        rests, strange = [await _each(bare_rest)], list[float]()
        for _ in range(plan.runs):
            decided.append(await _each(_preview(made.bus, made, 0)))
            limits.append(await _each(bare))
            strange.append(await _each(_preview(stranger, made, 1)))
            rests.append(await _each(bare_rest))
        beside = {"events": float(EVENTS), "caught_up_ms": await _each(caught_up), "folded_ms": await _each(folded)}
    long = {"events": float(LONG), "in_snapshot": float(KEPT)}
    return [
        Figure("load_aggregate", "ms", decided, Limit(limits, lower_is_better=True), 3.0, beside),
        Figure("load_aggregate_snapshot", "ms", strange, Limit(rests, lower_is_better=True), 3.0, long),
    ]


def _forgetful(made: Bench, pool: Pool) -> Bus:
    """One that remembers no state: each time it is as another process."""
    return build_bus(
        appender=made.appender,
        reader=made.reader,
        codec=Codec(EVENT_SCHEMAS, UPCASTS),
        keys=MemoryKeys(),  # nothing of stock is sealed
        clock=SystemClock(),
        ids=Uuid7Ids(),
        digest=event_digest,
        registry=REGISTRY,
        chance=random.random,
        pepper=b"bench",
        cached=0,
        snapshots=PostgresSnapshots(pool),
    )


def _preview(bus: Bus, made: Bench, shelf: int) -> Callable[[], Awaitable[object]]:
    """Load and decide as for a command, and append nothing."""
    command = ReceiveStock(variant_id=made.shelves[shelf].variants[0], quantity=1, reason="delivery")
    request = Request(command=command, caller="operator:bench", actor=Actor("operator", "bench"))
    return lambda: bus.preview(request)


async def _long_stream(made: Bench, shelf: int, events: int) -> str:
    name = stream("stock", stock_item(made.shelves[shelf].variants[0], "main"))
    while (await made.bus.known(name)).version < events:
        await made.receive(shelf)
    return name


async def _each(do: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of one, in the middle of many, one after the other."""
    times = []
    await do()
    for _ in range(_TIMES):
        begun = time.perf_counter()
        await do()
        times.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0)
    return median(times)
