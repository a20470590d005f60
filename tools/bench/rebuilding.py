"""How fast is a view filled again, and with how much memory? The key `rebuild`: the order documents from the whole log.

In a process of its own (`python -m tools.bench.rebuilding`), so that the peak is the rebuild's and nobody else's.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from infra.clock import SystemClock
from infra.collector import settle
from infra.settings import Settings, read_settings
from projections.main import NAMES, Opened, build
from projections.order_tracking.projector import ORDER_TRACKING
from projections.running.feed import Feed
from projections.running.projection import MONGO
from projections.running.rebuild import READ, Rebuild
from tools.bench.figures import Figure, Limit, median
from tools.bench.plan import Plan
from tools.bench.processes import MIB, peak_bytes
from tools.programs import ROOT

_MOST_MIB = 400.0
_LEASE_SECONDS = 3600.0
_LONG = 500_000  # events


def measure(settings: Settings, plan: Plan) -> Sequence[Figure]:
    """Over a log that nobody writes to; the order documents are emptied. A long log: once."""
    named = environment(settings)
    told: list[dict[str, Any]] = []
    for _ in range(1 if plan.events >= _LONG else plan.runs):
        line = [sys.executable, "-m", "tools.bench.rebuilding"]
        done = subprocess.run(line, cwd=ROOT, env={**os.environ, **named}, capture_output=True, text=True, check=True)
        told.append(json.loads(done.stdout))
    beside = {name: median([each[name] for each in told]) for name in ("events", "log", "documents", "cpu_seconds")}
    beside["peak_mib"] = max(each["peak_mib"] for each in told)
    rates, limit = [each["rate"] for each in told], Limit([each["read"] for each in told])
    return [Figure("rebuild", "/s", rates, limit, 0.30, beside, {"peak_mib": _MOST_MIB})]


def environment(settings: Settings) -> Mapping[str, str]:
    """Of a program that is to find these stores."""
    stores = settings.stores
    return {
        "TELOCOMPRO_POSTGRES_URL": stores.postgres_url,
        "KEYS_DATABASE_URL": stores.keys_url,
        "TELOCOMPRO_MONGO_URL": stores.mongo_url,
        "TELOCOMPRO_REDIS_URL": stores.redis_url,
        "TELOCOMPRO_DATA": str(settings.runtime.data),
    }


async def _rebuilt() -> dict[str, float]:
    async with build(read_settings()) as opened:
        store, target = opened.stores[MONGO], ORDER_TRACKING.target
        await store.drop(target)
        fence = await opened.leases.take("bench", "bench", _LEASE_SECONDS)
        assert fence is not None
        settle()
        feed = Feed(opened.reader, opened.decode, NAMES, SystemClock())
        begun, spent = time.perf_counter(), time.process_time()
        done = await Rebuild(ORDER_TRACKING, store, feed, fence).run()
        took, cpu = time.perf_counter() - begun, time.process_time() - spent
        peak = peak_bytes() / MIB
        await store.drop(target)
        return {
            "rate": done.events / took,
            "read": done.events / await _read(opened, feed),
            "events": float(done.events),
            "log": float(done.position),
            "documents": float(done.documents),
            "cpu_seconds": cpu,
            "peak_mib": peak,
        }


async def _read(opened: Opened, feed: Feed) -> float:
    """Seconds of reading and decoding the same events."""
    begun, position = time.perf_counter(), 0
    while (batch := await feed.far(position, ORDER_TRACKING.types, READ)).reached > position:
        position = batch.reached
    return time.perf_counter() - begun


def main() -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(_rebuilt())))


if __name__ == "__main__":
    main()
