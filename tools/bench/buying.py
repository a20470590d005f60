"""How many whole purchases a second? The key `purchase`: eight shoppers over HTTP, everything on this machine."""

import asyncio
from collections.abc import Sequence

from infra.event_log.reader import PostgresLogReader
from infra.postgres.pool import open_pool
from tools.bench import pgbench, processes
from tools.bench.append import FEW
from tools.bench.figures import Figure, Limit
from tools.bench.groups import own_databases
from tools.bench.histogram import Histogram
from tools.bench.plan import Plan
from tools.bench.shop import Shop
from tools.load import drive

SHOPPERS = 8
_INSERTS = 200  # of a row each: as many make the measure of one purchase
_WARM = 2.0  # seconds
_MOST_MS, _MOST_CPU_MS = 150.0, 20.0


async def measure(shop: Shop, plan: Plan) -> Sequence[Figure]:
    """Every order must have been confirmed when its call was answered."""
    url, tokens = shop.run.urls["rest"], [shop.token(customer) for customer in shop.customers[:SHOPPERS]]
    family, last_calls = shop.working, Histogram()
    limits, rates, bought = [await inserts(shop, plan)], list[float](), 0
    await drive(url, tokens, _WARM)
    spent = dict.fromkeys(set(family.values()), 0.0)
    for _ in range(plan.runs):
        before = processes.cpu_seconds(family)
        done = await drive(url, tokens, plan.seconds * 2)
        for name, seconds in processes.since(before, processes.cpu_seconds(family)).items():
            spent[name] = spent.get(name, 0.0) + seconds
        assert done.confirmed, done.as_json()
        assert not done.failures, done.as_json()
        rates.append(done.purchases_per_second)
        bought += done.last_calls.count
        last_calls.add(done.last_calls)
    limits.append(await inserts(shop, plan))
    told = last_calls.as_json()
    beside = {f"last_call_{name}": told[name] for name in ("p50_ms", "p95_ms", "p99_ms")}
    beside["cpu_ms_per_purchase"] = 1000 * sum(spent.values()) / bought
    beside |= {f"{name}_cpu_ms": 1000 * seconds / bought for name, seconds in spent.items()}
    limit = Limit([each / _INSERTS for each in limits])
    bounds = {"last_call_p95_ms": _MOST_MS, "cpu_ms_per_purchase": _MOST_CPU_MS}
    return [Figure("purchase", "/s", rates, limit, 1.0, beside, bounds)]


async def inserts(shop: Shop, plan: Plan) -> float:
    """One-row inserts a second on the platform's own database server."""
    stores = shop.settings.stores
    async with open_pool(stores.postgres_url, 1) as pool, PostgresLogReader(pool) as reader:
        row = (await reader.read(await reader.head() - 1, 1))[0]

    def measured() -> float:
        with own_databases(stores.postgres_url) as (url, _):
            pgbench.prepare(url)
            return pgbench.run(url, pgbench.one_row(row), FEW, plan.seconds).rate

    return await asyncio.to_thread(measured)
