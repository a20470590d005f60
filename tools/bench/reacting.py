"""How soon is a change seen? The keys `visible` and `push`, at 100 commands a second, with and without shoppers.

`visible`: from a command's answer until a read that asks for its position is answered, over HTTP.
`push`: from a command's answer until its frame is there, on a socket of another process.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import uuid4

from tools.api_client import PREFIX
from tools.bench.buying import SHOPPERS
from tools.bench.ear import listen, position_of
from tools.bench.figures import Figure
from tools.bench.histogram import Histogram
from tools.bench.plan import Plan
from tools.bench.shop import Shop
from tools.bench.wire import Wire, asked
from tools.load import drive
from tools.programs import ROOT

RATE = 100  # commands a second
_CONNECTIONS, _LINES = 32, 5
_VARIANTS = 50  # that are followed
_PATIENCE = 5.0  # seconds for what is still missing at the end
_MOST = {"visible": (25.0, 100.0), "push": (40.0, 120.0)}  # ms: alone, and beside shoppers

Run = Callable[[Shop, float], Awaitable[Histogram]]


async def measure_visible(shop: Shop, plan: Plan) -> Sequence[Figure]:
    return await _both("visible", visible, shop, plan)


async def measure_push(shop: Shop, plan: Plan) -> Sequence[Figure]:
    return await _both("push", push, shop, plan)


async def visible(shop: Shop, seconds: float) -> Histogram:
    """Additions to carts, each read at once."""
    url, times = shop.run.urls["rest"], Histogram()
    places: asyncio.Queue[tuple[Wire, str, dict[str, str]]] = asyncio.Queue()
    for token in shop.tokens([shop.customers[n % len(shop.customers)] for n in range(_CONNECTIONS)]):
        wire, headers = Wire(url), {"authorization": f"Bearer {token}"}
        created = await wire.ask(asked("POST", f"{PREFIX}/carts", {}, headers))
        places.put_nowait((wire, f"{PREFIX}/carts/{created.json()['id']}", headers))
    number = count()

    async def one() -> None:
        place = wire, path, headers = await places.get()
        variant = str(shop_variants[next(number) % _LINES])
        added = await wire.ask(asked("POST", f"{path}/items", {"variantId": variant, "quantity": 1}, headers))
        begun = time.perf_counter()
        assert added.status == 200, added.body
        fresh = {**headers, "consistency-token": str(added.position), "prefer": "wait=5"}
        read = await wire.ask(asked("GET", path, None, fresh))
        assert read.status == 200, read.body
        times.record((time.perf_counter() - begun) * 1000)
        places.put_nowait(place)

    shop_variants = shop.variants
    await _at_rate(one, seconds)
    while not places.empty():
        places.get_nowait()[0].close()
    return times


async def push(shop: Shop, seconds: float) -> Histogram:
    """Receipts of stock, heard by somebody who follows the variants."""
    url, times, variants = shop.run.urls["rest"], Histogram(), [str(each) for each in shop.variants[:_VARIANTS]]
    answered, came = dict[int, float](), dict[int, float]()
    ear = await listen(
        shop.run.urls["ws"],
        shop.token(shop.customers[0]),
        lambda frame, at: came.update({position_of(frame): at}),
    )
    await ear.say("join:stock", {"variantIds": variants})
    headers = {"authorization": f"Bearer {shop.token(role='admin')}"}
    wires: asyncio.Queue[Wire] = asyncio.Queue()
    for _ in range(_CONNECTIONS):
        wires.put_nowait(Wire(url))
    number = count()

    async def one() -> None:
        wire = await wires.get()
        path = f"{PREFIX}/stock-items/{variants[next(number) % _VARIANTS]}/receipts"
        body, key = {"quantity": 1, "reason": "bench"}, {"idempotency-key": uuid4().hex}
        got = await wire.ask(asked("POST", path, body, {**headers, **key}))
        assert got.status == 200, got.body
        answered[got.position] = time.perf_counter()
        wires.put_nowait(wire)

    await asyncio.sleep(0.5)  # joined
    await _at_rate(one, seconds)
    until = time.perf_counter() + _PATIENCE
    while (missing := answered.keys() - came.keys()) and time.perf_counter() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    assert not missing, f"{len(missing)} of {len(answered)} frames did not come"
    for position, at in answered.items():
        times.record(max(came[position] - at, 0.0) * 1000)
    ear.close()
    while not wires.empty():
        wires.get_nowait().close()
    return times


async def _both(key: str, run: Run, shop: Shop, plan: Plan) -> Sequence[Figure]:
    """Alone, then while shoppers buy at half of what they can."""
    alone, loaded = _MOST[key]
    await run(shop, 1.0)
    figures = [await _figure(key, run, shop, plan, alone)]
    tokens = [shop.token(customer) for customer in shop.customers[:SHOPPERS]]
    most = (await drive(shop.run.urls["rest"], tokens, float(plan.seconds))).purchases_per_second
    async with _shoppers(shop, most / 2, plan) as rate:
        figure = await _figure(f"{key}_loaded", run, shop, plan, loaded)
    return [*figures, replace(figure, beside={**figure.beside, "purchases_per_second": rate})]


async def _figure(key: str, run: Run, shop: Shop, plan: Plan, most: float) -> Figure:
    times = [await run(shop, plan.seconds * 2.0) for _ in range(plan.runs)]
    middle = sorted(times, key=lambda each: each.quantile(0.99))[len(times) // 2].as_json()
    beside = {name: middle[name] for name in ("p50_ms", "p95_ms", "max_ms")}
    return Figure(key, "ms", [each.quantile(0.99) for each in times], None, most, beside)


@asynccontextmanager
async def _shoppers(shop: Shop, rate: float, plan: Plan) -> AsyncIterator[float]:
    """`telocompro load` beside it, from a process of its own, until the block ends."""
    seconds = plan.runs * (plan.seconds * 2.0 + _PATIENCE) + 30
    words = ["load", "--shoppers", str(SHOPPERS), "--seconds", str(seconds), "--rate", str(max(rate, 0.5)), "--json"]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tools.cli", *words), cwd=ROOT, env=shop.environment, stdout=quiet, stderr=quiet
    )
    try:
        await asyncio.sleep(4.0)  # its customers are registered, and it buys
        assert process.returncode is None, "the shoppers ended at once"
        yield rate
    finally:
        process.kill()
        await process.wait()


async def _at_rate(one: Callable[[], Coroutine[Any, Any, None]], seconds: float) -> None:
    """So many begin a second, whether or not earlier ones have finished."""
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(round(seconds * RATE)):
            early = begun + number / RATE - time.perf_counter()
            await asyncio.sleep(max(early, 0.0))
            tasks.create_task(one())
