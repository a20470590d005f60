"""`telocompro load`: shoppers who buy through the public API of the platform that is up, and how long they wait.

Closed loop: so many shoppers, each begins anew when it has finished. Open loop (`--rate`): so many begin a second,
whether or not earlier ones have finished; their time counts from when they were due.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.embedded import run_json
from infra.settings import data_folder
from tools.api_client import ApiClient, open_http
from tools.bench.histogram import Histogram
from tools.bench.shopper import Refused, Shopper
from tools.demo_catalogue import products

BUY, BROWSE, ABANDON = "buy", "browse", "abandon"
PURCHASES: Mapping[str, float] = {BUY: 1.0}
GOOD = ("CONFIRMED", "PAID", "PREPARING")  # statuses of an order that was confirmed while the call waited
SEED = 20_260_302
NAP = 0.0005  # seconds: below the clock's own grain sleeping costs more than waiting


@dataclass(slots=True)
class Done:
    """What the shoppers got through."""

    seconds: float = 0.0
    finished: Counter[str] = field(default_factory=Counter)  # by what they did
    statuses: Counter[str] = field(default_factory=Counter)  # of the orders, as the last call told
    failures: Counter[str] = field(default_factory=Counter)
    times: dict[str, Histogram] = field(default_factory=dict)  # of the whole, by what they did
    last_calls: Histogram = field(default_factory=Histogram)

    @property
    def purchases_per_second(self) -> float:
        return self.finished[BUY] / self.seconds if self.seconds else 0.0

    @property
    def confirmed(self) -> bool:
        """Whether every order was confirmed when its call was answered."""
        return set(self.statuses) <= set(GOOD)

    def as_json(self) -> dict[str, Any]:
        return {
            "seconds": round(self.seconds, 2),
            "purchases_per_second": round(self.purchases_per_second, 2),
            "finished": dict(self.finished),
            "statuses": dict(self.statuses),
            "failures": dict(self.failures),
            "whole": {name: times.as_json() for name, times in self.times.items()},
            "last_call": self.last_calls.as_json(),
        }


class Load:
    """Shoppers at work."""

    def __init__(self, shoppers: Sequence[Shopper], mix: Mapping[str, float], chance: random.Random) -> None:
        self._shoppers, self._mix, self._chance = shoppers, mix, chance
        self._done = Done()

    async def closed(self, seconds: float) -> Done:
        """All of them at once, again and again."""
        begun = time.perf_counter()
        until = begun + seconds

        async def shop(shopper: Shopper) -> None:
            while (now := time.perf_counter()) < until:
                await self._one(shopper, now)

        await asyncio.gather(*(shop(shopper) for shopper in self._shoppers))
        self._done.seconds = time.perf_counter() - begun
        return self._done

    async def open(self, seconds: float, rate: float) -> Done:
        """So many begin a second, at even distances; one who finds no shopper free waits, and the wait counts."""
        free: asyncio.Queue[Shopper] = asyncio.Queue()
        for shopper in self._shoppers:
            free.put_nowait(shopper)
        begun = time.perf_counter()

        async def arrive(due: float) -> None:
            shopper = await free.get()
            try:
                await self._one(shopper, due)
            finally:
                free.put_nowait(shopper)

        async with asyncio.TaskGroup() as tasks:
            for number in range(round(seconds * rate)):
                due = begun + number / rate
                if (early := due - time.perf_counter()) > NAP:
                    await asyncio.sleep(early)
                tasks.create_task(arrive(due))
        self._done.seconds = time.perf_counter() - begun
        return self._done

    async def _one(self, shopper: Shopper, due: float) -> None:
        what = self._chance.choices(list(self._mix), list(self._mix.values()))[0]
        steps: Mapping[str, Callable[[], Awaitable[object]]] = {
            BUY: lambda: self._buy(shopper),
            BROWSE: lambda: shopper.browse(),
            ABANDON: lambda: shopper.filled_cart(),
        }
        try:
            await steps[what]()
        except (Refused, OSError, TimeoutError) as problem:
            self._done.failures[str(problem)[:200] or type(problem).__name__] += 1
            return
        self._done.finished[what] += 1
        self._done.times.setdefault(what, Histogram()).record((time.perf_counter() - due) * 1000)

    async def _buy(self, shopper: Shopper) -> None:
        bought = await shopper.buy()
        self._done.statuses[bought.status] += 1
        self._done.last_calls.record(bought.last_call)


async def drive(
    url: str, tokens: Sequence[str], seconds: float, rate: float | None = None, mix: Mapping[str, float] = PURCHASES
) -> Done:
    """A shopper for each token, buying what the demo catalogue has."""
    chance = random.Random(SEED)  # noqa: S311 the same choices in every run
    variants = [str(variant.variant_id) for product in products() for variant in product.variants]
    shoppers = [Shopper(url, token, variants, random.Random(chance.random())) for token in tokens]  # noqa: S311
    load = Load(shoppers, mix, chance)
    try:
        return await (load.closed(seconds) if rate is None else load.open(seconds, rate))
    finally:
        for shopper in shoppers:
            shopper.close()


async def signed_in(url: str, shoppers: int) -> Sequence[str]:
    """Tokens of new customers."""
    async with open_http() as http:
        clients = [ApiClient(http, url) for _ in range(shoppers)]
        await asyncio.gather(*(client.register() for client in clients))
    return [str(client.token) for client in clients]


def read_mix(file: Path | None) -> Mapping[str, float]:
    """JSON: what shoppers do, with weights. Raises typer.BadParameter."""
    if file is None:
        return PURCHASES
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError) as problem:
        raise typer.BadParameter(f"{file}: {problem}") from None
    weights = found.values() if isinstance(found, dict) else ()
    numbers = [weight for weight in weights if isinstance(weight, int | float) and weight >= 0]
    if not isinstance(found, dict) or not set(found) <= {BUY, BROWSE, ABANDON} or len(numbers) != len(found):
        raise typer.BadParameter(f'{file}: an object like {{"{BUY}": 1, "{BROWSE}": 5, "{ABANDON}": 2}}')
    if not sum(numbers):
        raise typer.BadParameter(f"{file}: nothing has a weight")
    return found


def command(
    shoppers: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most at a time.")] = 8,
    seconds: Annotated[float, typer.Option(min=0.1, help="For how long.")] = 30.0,
    rate: Annotated[float | None, typer.Option(min=0.01, help="Arrivals a second (open loop).")] = None,
    mix: Annotated[Path | None, typer.Option(help="JSON: weights of buy, browse, abandon.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Let shoppers buy from the platform that is up. Exit code 1 when anything failed."""
    import uvloop

    run = run_json.read(run_json.path(data_folder()))
    if run is None or "rest" not in run.urls:
        raise typer.BadParameter("no platform is up: run `telocompro up` first")
    url, weights = run.urls["rest"], read_mix(mix)

    async def all_of_it() -> Done:
        return await drive(url, await signed_in(url, shoppers), seconds, rate, weights)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        done = runner.run(all_of_it())
    print(json.dumps(done.as_json()) if as_json else readable(done))
    if done.failures:
        sys.exit(1)


def readable(done: Done) -> str:
    lines = [f"{done.purchases_per_second:.1f} purchases/s over {done.seconds:.1f} s; orders: {dict(done.statuses)}"]
    for name, times in (*done.times.items(), ("last call", done.last_calls)):
        told = times.as_json()
        spread = f"p50 {told['p50_ms']:.1f}  p95 {told['p95_ms']:.1f}  p99 {told['p99_ms']:.1f}"
        lines.append(f"  {name:<10}{told['count']:>7}  {spread}  at most {told['max_ms']:.1f} ms")
    lines += [f"  failed {count} times: {reason}" for reason, count in done.failures.most_common(5)]
    return "\n".join(lines)
