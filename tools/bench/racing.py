"""What do several processes cost each other? The keys `append_procs` and `hot_sku` of the bench."""

import asyncio
from collections.abc import Sequence

from tools.bench import pgbench
from tools.bench.append import FEW, Bench, bench, last_row
from tools.bench.figures import Figure, Limit, median
from tools.bench.load import load
from tools.bench.plan import QUICK, Plan
from tools.bench.workers import Told, placing, receiving, together
from write_model.checkout.commands import PlaceOrder

_PROCESSES, _CALLERS = 4, 4
_HOT_PROCESSES, _HOT_CALLERS = 2, 200  # callers in all
HOT_ORDERS = 600  # of one run; their carts are filled beforehand


async def measure_processes(url: str, keys_url: str, plan: Plan = QUICK) -> Sequence[Figure]:
    """`append_procs`. The database must be migrated, and nobody else's."""
    await asyncio.to_thread(pgbench.prepare, url)
    async with bench(url, keys_url, _PROCESSES * _CALLERS) as made:
        await made.receive(0)
        script = pgbench.one_row(await last_row(made))
    limits = [(await asyncio.to_thread(pgbench.run, url, script, FEW, plan.seconds)).rate]
    jobs = [
        receiving((url, keys_url), made.shelves[start : start + _CALLERS], plan.seconds)
        for start in range(0, len(made.shelves), _CALLERS)
    ]
    told = [await together(jobs) for _ in range(plan.runs)]
    limits.append((await asyncio.to_thread(pgbench.run, url, script, FEW, plan.seconds)).rate)
    return [Figure("append_procs", "/s", [each.rate for each in told], Limit(limits), 0.28, _beside(told))]


async def measure_hot(url: str, keys_url: str, plan: Plan = QUICK) -> Sequence[Figure]:
    """`hot_sku`: every order wants the same variant. Its limit is what 16 callers get through on variants of theirs."""
    told: list[Told] = []
    async with bench(url, keys_url, FEW) as made:
        alone = [(await load(url, made.receive, FEW, plan.seconds)).rate]
        for _ in range(plan.runs):
            orders = await _orders(made, HOT_ORDERS)
            jobs = [
                placing((url, keys_url), orders[start::_HOT_PROCESSES], _HOT_CALLERS // _HOT_PROCESSES)
                for start in range(_HOT_PROCESSES)
            ]
            told.append(await together(jobs))
        alone.append((await load(url, made.receive, FEW, plan.seconds)).rate)
    return [Figure("hot_sku", "/s", [each.rate for each in told], Limit(alone), 0.05, _beside(told))]


async def _orders(made: Bench, count: int) -> Sequence[PlaceOrder]:
    hot, orders = made.shelves[0].variants[0], list[PlaceOrder]()
    for start in range(0, count, FEW):
        orders += await asyncio.gather(*(made.filled_cart(number, [hot]) for number in range(start, start + FEW)))
    return orders[:count]


def _beside(told: Sequence[Told]) -> dict[str, float]:
    return {"p99_ms": median([each.p99 for each in told]), "not_now": float(sum(each.not_now for each in told))}
