"""What does the platform need when nobody asks anything? The key `idle`: memory, and the second start."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from tools.bench.figures import Figure
from tools.bench.plan import Plan
from tools.bench.processes import MIB, pss_bytes
from tools.bench.shop import Shop

_MOST_MIB, _MOST_SECONDS = 900.0, 10.0


async def measure(shop: Shop, plan: Plan) -> Sequence[Figure]:
    """PSS of every process of ours and of the servers, after a while; from the command to ready on the second start."""
    await asyncio.sleep(plan.idle_seconds)
    parts: Counter[str] = Counter()
    for pid, name in shop.family.items():
        parts[name] += pss_bytes([pid])
    beside = {f"{name}_mib": size / MIB for name, size in parts.items()}
    total = sum(parts.values()) / MIB
    beside["ready_seconds"] = shop.ready_seconds
    return [Figure("idle", "MiB", [total], None, _MOST_MIB, beside, {"ready_seconds": _MOST_SECONDS})]
