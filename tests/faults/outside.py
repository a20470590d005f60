"""What happens outside: a payment provider in trouble, more callers than there is room for, a disk that is full."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.faults.harm import Harm
from tests.faults.shoppers import GOOD_CARDS
from tools.api_client import ADDRESS, PREFIX
from tools.bench.wire import Got, Wire, asked

PROVIDER_FAULTS: Sequence[Mapping[str, object]] = (
    {"kind": "fail_before"},
    {"kind": "fail_after"},
    {"kind": "fail_before_stored"},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "rate_limit"},
    {"kind": "delay", "seconds": 4.0},
    {"kind": "delay_after", "seconds": 4.0},
)
WEBHOOK_FAULTS: Sequence[Mapping[str, object]] = (
    {"copies": 3, "times": 10},
    {"drop": True, "times": 10},
    {"reorder": 4, "times": 8},
    {"delay": 5.0, "times": 10},
)
PROVIDER, WEBHOOKS, OVERLOAD = "provider fails before or after the act", "webhooks lost, late, repeated", "overload"
CALLERS, CONNECTIONS, TIMES = 8, 1000, 5
SPREAD = 1.0  # seconds that each fault has to hit


async def provider_faults(harm: Harm, kinds: Sequence[Mapping[str, object]] = PROVIDER_FAULTS, calls: int = 3) -> None:
    """Each kind for the next calls, whichever they are; then the time counts until a purchase is confirmed."""
    for fault in kinds:
        await harm.probes.prepare(1)
        await harm.ground.provider.control("POST", "/faults", {**fault, "operation": "*", "times": calls})
        harm.tally.injected(PROVIDER, calls)
        since = time.monotonic()
        await asyncio.sleep(SPREAD)
        await harm.measured(PROVIDER, "workers", since)
    await harm.ground.provider.calm()


async def webhook_faults(harm: Harm, kinds: Sequence[Mapping[str, object]] = WEBHOOK_FAULTS) -> None:
    for policy in kinds:
        await harm.ground.provider.webhooks(**policy)
        harm.tally.injected(WEBHOOKS)
        await asyncio.sleep(3 * SPREAD)
    await harm.ground.provider.calm()


@dataclass(slots=True)
class Throng:
    """Callers with one connection each, who buy and go away when they are told that there is no room."""

    url: str
    headers: Mapping[str, str]
    variants: Sequence[str]
    chance: random.Random
    finished: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    async def closed(self, seconds: float, callers: int = CALLERS) -> float:
        """Everybody again and again; purchases a second."""
        until, before, begun = time.monotonic() + seconds, self.finished, time.monotonic()

        async def caller() -> None:
            wire = Wire(self.url)
            while time.monotonic() < until:
                await self._buy(wire)
            wire.close()

        await asyncio.gather(*(caller() for _ in range(callers)))
        return (self.finished - before) / (time.monotonic() - begun)

    async def open(self, seconds: float, rate: float, connections: int = CONNECTIONS) -> float:
        """So many begin a second, whether or not others are done; who finds no free connection is not counted."""
        free = [Wire(self.url) for _ in range(connections)]
        begun, before = time.monotonic(), self.finished
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(seconds * rate)):
                await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
                if free:
                    tasks.create_task(self._visit(free))
                else:
                    self.answers["no connection left"] += 1
        return (self.finished - before) / (time.monotonic() - begun)

    async def _visit(self, free: list[Wire]) -> None:
        wire = free.pop()
        try:
            await self._buy(wire)
        finally:
            free.append(wire)

    async def _buy(self, wire: Wire) -> None:
        created = await self._ask(wire, "POST", "/carts", {}, 201)
        if created is None:
            return
        cart = created.json()["id"]
        where = f"/carts/{cart}"
        line = {"variantId": self.chance.choice(self.variants), "quantity": 1}
        for method, path, body in (
            ("POST", f"{where}/items", line),
            ("PUT", f"{where}/address", dict(ADDRESS)),
            ("PUT", f"{where}/payment-method", {"paymentMethod": GOOD_CARDS[0]}),
        ):
            if await self._ask(wire, method, path, body, 200) is None:
                return
        if await self._ask(wire, "POST", "/orders", {"cartId": cart}, 201) is not None:
            self.finished += 1

    async def _ask(self, wire: Wire, method: str, path: str, body: object, good: int) -> Got | None:
        """None: there was no room, or no answer. What else it may not be is kept in `wrong`."""
        headers = {**self.headers, "idempotency-key": uuid4().hex}
        try:
            got = await wire.ask(asked(method, f"{PREFIX}{path}", body, headers))
        except (OSError, TimeoutError) as problem:
            self.wrong[f"{method} {path.split('/')[1]}: {type(problem).__name__}"] += 1
            return None
        self.answers[str(got.status)] += 1
        if got.status == good:
            return got
        if got.status not in (429, 503):
            self.wrong[f"{got.status} {got.body[:120].decode(errors='replace')}"] += 1
        elif got.header("retry-after") is None:
            self.wrong[f"{got.status} without Retry-After"] += 1
        return None


async def overload(harm: Harm, seconds: float = 60.0, measure: float = 8.0, memory_mb: float = 400.0) -> None:
    """Five times what was measured, for a minute: refusals in words, bounded memory, and back to 90 % in 30 s."""
    token = harm.probes.party.api.token
    throng = Throng(harm.ground.urls["rest"], {"authorization": f"Bearer {token}"}, harm.shop.variants, harm.chance)
    capacity = await throng.closed(measure)
    pid = harm.ground.run.pids["http"]
    before = _resident_mb(pid)
    throng.answers.clear()
    harm.tally.injected(OVERLOAD)
    watching = asyncio.create_task(_peak(pid))
    under = await throng.open(seconds, TIMES * capacity)
    watching.cancel()
    peak = max([before, *(await asyncio.gather(watching, return_exceptions=True))], key=lambda each: _number(each))
    since, again = time.monotonic(), 0.0
    while again < 0.9 * capacity and time.monotonic() < since + 30:
        again = await throng.closed(4.0)
    took = time.monotonic() - since
    harm.tally.facts["overload"] = {
        "capacity": round(capacity, 1),
        "under": round(under, 1),
        "after": round(again, 1),
        "seconds until 90 %": round(took, 1),
        "memory before": round(before),
        "memory at most": round(_number(peak)),
        "answers": dict(throng.answers),
    }
    harm.tally.recovered(OVERLOAD, took)
    if again < 0.9 * capacity:
        harm.tally.violated(f"overload: {again:.1f} purchases/s 30 s later, {capacity:.1f} before")
    if _number(peak) > before + memory_mb:
        harm.tally.violated(f"overload: memory rose from {before:.0f} to {_number(peak):.0f} MB")
    for what, count in throng.wrong.items():
        harm.tally.violated(f"overload: {count} times {what}")


async def _peak(pid: int) -> float:
    """Megabytes at most, until it is cancelled."""
    peak = 0.0
    try:
        while True:
            peak = max(peak, _resident_mb(pid))
            await asyncio.sleep(0.2)
    except asyncio.CancelledError:
        return peak


def _number(each: Any) -> float:
    return each if isinstance(each, float) else 0.0


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6
