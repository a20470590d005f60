"""What does it cost to know an aggregate? The key `load_aggregate`: load and decide, beside reading its rows."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import psycopg

from tools.bench.append import Bench, bench
from tools.bench.figures import Figure, Limit, median
from tools.bench.plan import QUICK, Plan
from write_model.handling.request import Request
from write_model.kernel.ids import stock_item, stream
from write_model.kernel.message import Actor
from write_model.stock.commands import ReceiveStock

EVENTS = 100  # of the stream
_TIMES = 400  # of one run
_ROWS = "select version, type, schema, metadata, payload from log.events where stream = %s order by version"


async def measure(url: str, keys_url: str, plan: Plan = QUICK) -> Sequence[Figure]:
    """The database must be migrated."""
    async with (
        bench(url, keys_url, 1) as made,
        await psycopg.AsyncConnection.connect(url, autocommit=True, prepare_threshold=0) as connection,
    ):
        name = await _long_stream(made)

        async def bare() -> None:
            await (await connection.execute(_ROWS, (name,))).fetchall()

        async def caught_up() -> None:
            await made.bus.known(name)

        async def folded() -> None:
            await made.bus.known(name, EVENTS - 1)  # not the remembered one: all rows are read and folded

        limits, decided = [await _each(bare)], list[float]()
        for _ in range(plan.runs):
            decided.append(await _each(_preview(made)))
            limits.append(await _each(bare))
        beside = {"events": float(EVENTS), "caught_up_ms": await _each(caught_up), "folded_ms": await _each(folded)}
    return [Figure("load_aggregate", "ms", decided, Limit(limits, lower_is_better=True), 3.0, beside)]


def _preview(made: Bench) -> Callable[[], Awaitable[object]]:
    """Load and decide as for a command, and append nothing."""
    command = ReceiveStock(variant_id=made.shelves[0].variants[0], quantity=1, reason="delivery")
    request = Request(command=command, caller="operator:bench", actor=Actor("operator", "bench"))
    return lambda: made.bus.preview(request)


async def _long_stream(made: Bench) -> str:
    name = stream("stock", stock_item(made.shelves[0].variants[0], "main"))
    while (await made.bus.known(name)).version < EVENTS:
        await made.receive(0)
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
