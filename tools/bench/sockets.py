"""What do many sockets cost? The key `sockets`: memory of an idle one, and how soon a change is heard by 200."""

import asyncio
import time
from collections.abc import Sequence
from uuid import uuid4

from tools.api_client import PREFIX
from tools.bench.ear import Ear, listen, position_of
from tools.bench.figures import Figure
from tools.bench.histogram import Histogram
from tools.bench.plan import Plan
from tools.bench.processes import pss_bytes
from tools.bench.shop import Shop
from tools.bench.wire import Wire, asked

ACTIVE = 200
_AT_ONCE, _SETTLE = 50, 2.0
_RATE = 10  # changes a second
_MOST_KIB, _MOST_MS = 30.0, 50.0
_PATIENCE = 5.0  # seconds


async def measure(shop: Shop, plan: Plan) -> Sequence[Figure]:
    """Each socket is another customer's."""
    url, pids = shop.run.urls["ws"], [pid for pid, name in shop.family.items() if name == "ws"]
    warm = await _open(url, shop.tokens([uuid4() for _ in range(_AT_ONCE)]), _Ears())
    await asyncio.sleep(_SETTLE)
    before = pss_bytes(pids)
    idle = await _open(url, shop.tokens([uuid4() for _ in range(plan.sockets)]), _Ears())
    await asyncio.sleep(_SETTLE)
    each = (pss_bytes(pids) - before) / plan.sockets / 1024
    heard = _Ears()
    active = await _open(url, shop.tokens([uuid4() for _ in range(ACTIVE)]), heard)
    times = await _fan_out(shop, active, heard, plan.runs * plan.seconds)
    for ear in (*warm, *idle, *active):
        ear.close()
    told = times.as_json()
    beside = {f"fan_out_{name}": told[name] for name in ("p50_ms", "p95_ms", "p99_ms")}
    beside |= {"idle": float(plan.sockets), "active": float(ACTIVE)}
    return [Figure("sockets", "KiB", [each], None, _MOST_KIB, beside, {"fan_out_p99_ms": _MOST_MS})]


class _Ears:
    """When each position came, at as many sockets as heard it."""

    def __init__(self) -> None:
        self.came: dict[int, list[float]] = {}

    def heard(self, frame: bytes, at: float) -> None:
        self.came.setdefault(position_of(frame), []).append(at)


async def _open(url: str, tokens: Sequence[str], ears: _Ears) -> list[Ear]:
    opened: list[Ear] = []
    for start in range(0, len(tokens), _AT_ONCE):
        opened += await asyncio.gather(*(listen(url, token, ears.heard) for token in tokens[start : start + _AT_ONCE]))
    return opened


async def _fan_out(shop: Shop, ears: Sequence[Ear], heard: _Ears, seconds: int) -> Histogram:
    """From the answer of a command until each of them has its frame."""
    variant, wire, times = str(shop.variants[0]), Wire(shop.run.urls["rest"]), Histogram()
    for ear in ears:
        await ear.say("join:stock", {"variantIds": [variant]})
    await asyncio.sleep(_SETTLE)
    headers, answered = {"authorization": f"Bearer {shop.token(role='admin')}"}, dict[int, float]()
    for _ in range(seconds * _RATE):
        path, body = f"{PREFIX}/stock-items/{variant}/receipts", {"quantity": 1, "reason": "bench"}
        got = await wire.ask(asked("POST", path, body, {**headers, "idempotency-key": uuid4().hex}))
        assert got.status == 200, got.body
        answered[got.position] = time.perf_counter()
        await asyncio.sleep(1 / _RATE)
    until = time.perf_counter() + _PATIENCE
    while any(len(heard.came.get(position, ())) < len(ears) for position in answered):
        assert time.perf_counter() < until, "some frames did not come"
        await asyncio.sleep(0.02)
    for position, at in answered.items():
        for came in heard.came[position]:
            times.record(max(came - at, 0.0) * 1000)
    wire.close()
    return times
