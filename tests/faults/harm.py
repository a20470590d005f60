"""What every round of faults works with, and the faults of processes: killed, or standing still."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tests.faults.ground import OURS, Ground
from tests.faults.probes import Probes
from tests.faults.shoppers import GaveUp, Shop, Wrong
from tests.faults.tally import KILL, PAUSE, Tally

LIVES = 5.5  # seconds that a process lives between two kills: one that dies sooner is started again later each time
LEASE = 10.0  # seconds: of processes and projections
EFFECT_LEASE = 30.0  # seconds: of the workers
PAUSED = ("processes", "projections", "workers", "http", "ws", "stripe")
SPARES = {"processes": "processes.main", "projections": "projections.main", "workers": "processes.main_workers"}


@dataclass(slots=True)
class Harm:
    """A run's parts: what is harmed, who measures, and what chance decides."""

    ground: Ground
    shop: Shop
    probes: Probes
    tally: Tally
    chance: random.Random
    started: dict[str, float] = field(default_factory=dict)  # when a kind of process was last started

    async def measured(self, kind: str, part: str, since: float) -> None:
        """How long until a purchase through the part succeeds; one that never does is a violation."""
        try:
            self.tally.recovered(kind, await self.probes.recovered(part, since), part)
        except (GaveUp, Wrong) as problem:
            self.tally.violated(f"{kind}, {part}: {problem}")


async def kills(harm: Harm, times: int, kinds: Sequence[str] = OURS, at_once: int = 2) -> None:
    """So many kill -9, of every kind in turn, some kinds together."""
    order: list[str] = []
    while times > 0:
        if len(order) < at_once:
            order += harm.chance.sample(kinds, len(kinds))
        victims = list(dict.fromkeys(order[: min(at_once, times)]))
        del order[: len(victims)]
        await harm.probes.prepare(len(victims))
        await asyncio.gather(*(_kill(harm, name) for name in victims))
        times -= len(victims)


async def _kill(harm: Harm, name: str) -> None:
    lived = time.monotonic() - harm.started.get(name, 0.0)
    await asyncio.sleep(max(0.0, LIVES - lived))
    pid = harm.ground.run.pids[name]
    since = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    harm.tally.injected(KILL)
    await harm.measured(KILL, name, since)
    await harm.ground.restarted(name, pid)
    harm.started[name] = time.monotonic()


async def pauses(harm: Harm, times: int, kinds: Sequence[str] = PAUSED, at_once: int = 4) -> None:
    """So many processes stand still for longer than their lease; a spare of each kind takes over meanwhile."""
    for name, module in SPARES.items():
        harm.ground.start_spare(name, module)
    try:
        while times > 0:
            victims = harm.chance.sample(kinds, min(times, at_once, len(kinds)))
            await pause(harm, victims, LEASE + harm.chance.uniform(1.0, 3.0))
            times -= len(victims)
    finally:
        await harm.ground.stop_spares()


async def pause(harm: Harm, victims: Sequence[str], seconds: float) -> None:
    """All of them at once; then they go on, and the time counts until each serves again."""
    await harm.probes.prepare(len(victims))
    pids = [harm.ground.run.pids[name] for name in victims]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    harm.tally.injected(PAUSE, len(pids))
    try:
        await asyncio.sleep(seconds)
    finally:
        since = time.monotonic()
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    await asyncio.gather(*(harm.measured(PAUSE, name, since) for name in victims))


async def repeatedly(times: int, act: Callable[[], Awaitable[None]]) -> None:
    for _ in range(times):
        await act()
