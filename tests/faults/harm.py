"""What every round of faults works with; and kill -9, of every kind of process."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.ground import Ground
from tests.faults.probes import Probes
from tests.faults.shoppers import GaveUp, Shop, Wrong
from tests.faults.tally import KILL, Tally

KINDS = ("http", "ws", "projections", "processes", "workers")
OUTSIDE = ("stripe", "mail")  # stand-ins for what is not ours
SELDOM = 1 / 3  # of the turns
AFTERWARDS = "purchase confirmed after the provider was killed"
LIVES = 5.5  # seconds that a process lives between two kills: one that dies sooner is started again later each time


@dataclass(slots=True)
class Harm:
    """A run's parts: what is harmed, who measures, and what chance decides."""

    ground: Ground
    shop: Shop
    probes: Probes
    tally: Tally
    chance: random.Random
    deadline: float | None = None  # monotonic: what would begin later is left out
    started: dict[str, float] = field(default_factory=dict)  # when a kind of process was last started

    async def measured(self, kind: str, part: str, since: float) -> None:
        """How long until a purchase through the part succeeds; one that never does is a violation."""
        try:
            self.tally.recovered(kind, await self.probes.recovered(part, since), part)
        except (GaveUp, Wrong) as problem:
            self.tally.violated(f"{kind}, {part}: {problem}")


async def kills(harm: Harm, times: int, at_once: int = 2, outside: Sequence[str] = OUTSIDE) -> None:
    """So many kill -9, of every kind in turn, our own some together; the stand-ins one by one, and not as often:
    calls to the provider rest for half a minute when too many of them have failed."""
    groups: list[Sequence[str]] = []
    while times > 0:
        if not groups:
            own = [*harm.chance.sample(KINDS, len(KINDS)), *harm.chance.sample(KINDS, len(KINDS))]
            groups = [tuple(dict.fromkeys(own[place : place + at_once])) for place in range(0, len(own), at_once)]
            groups += [(name,) for name in outside if harm.chance.random() < SELDOM]
            harm.chance.shuffle(groups)
        victims = groups.pop()[:times]
        await harm.probes.prepare(len(victims) + 1)
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
    if name == "stripe":
        await harm.measured(AFTERWARDS, "workers", since)
    await harm.ground.restarted(name, pid)
    harm.started[name] = time.monotonic()
