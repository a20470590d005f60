"""A process stands still for longer than its lease, another takes over: then the first one wakes up."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from tests.faults.harm import Harm
from tests.faults.tally import PAUSE

LEASE = 10.0  # seconds: of processes and projections
EFFECT_LEASE = 30.0  # seconds: of a call that a worker has under way
SWEPT = 6.0  # seconds: until somebody else has heard of such a call
PAUSED = ("processes", "projections", "http", "ws", "stripe")
CALLS = ("workers", "processes", "projections")
SPARES = {"processes": "processes.main", "projections": "projections.main", "workers": "processes.main_workers"}
REFUSED: Mapping[str, str] = {"processes": "Fenced", "workers": "effect taken over"}  # what each says then
REFUSED_SECONDS = 8.0
CHANCES = 3  # of a late write, after which one of them must have been refused
FENCED = "write refused by the fencing number"


async def pauses(harm: Harm, times: int, kinds: Sequence[str] = PAUSED, at_once: int = 4) -> None:
    """So many, some at once, each longer than its lease."""
    refused: list[bool] = []
    async with _spares(harm):
        while times > 0:
            victims = harm.chance.sample(kinds, min(times, at_once, len(kinds)))
            refused += await _pause(harm, victims, LEASE + harm.chance.uniform(1.0, 3.0), late=("processes",))
            times -= len(victims)
    _some(harm, refused)


async def late_calls(harm: Harm, times: int) -> None:
    """The workers stand still while a call is under way, until another has made it again."""
    refused: list[bool] = []
    async with _spares(harm):
        for _ in range(times):
            slow = {"kind": "delay_after", "operation": "*", "seconds": 2.5, "times": 6}
            await harm.ground.provider.control("POST", "/faults", slow)
            await asyncio.sleep(1.5)
            refused += await _pause(harm, CALLS, EFFECT_LEASE + SWEPT, late=("workers", "processes"))
            await harm.ground.provider.calm()
    _some(harm, refused)


def _some(harm: Harm, refused: Sequence[bool]) -> None:
    """Not each: who had a question under way learns that it took too long, and finds the lease taken."""
    harm.tally.injected(FENCED, sum(refused))
    if len(refused) >= CHANCES and not any(refused):
        harm.tally.violated(f"{len(refused)} came back after their leases, and nothing that they wrote was refused")


@asynccontextmanager
async def _spares(harm: Harm) -> AsyncIterator[None]:
    for name, module in SPARES.items():
        harm.ground.start_spare(name, module)
    try:
        await harm.ground.spares_ready()
        yield
    finally:
        await harm.ground.stop_spares()


async def _pause(harm: Harm, victims: Sequence[str], seconds: float, late: Sequence[str]) -> Sequence[bool]:
    """All of them at once. The time counts from their waking until each serves again. Whose late write was refused?"""
    await harm.probes.prepare(len(victims))
    told = {name: len(harm.ground.log(name)) for name in late if name in victims}
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
    measured = asyncio.gather(*(harm.measured(PAUSE, name, since) for name in victims))
    refused = await asyncio.gather(*(_refused(harm, name, past) for name, past in told.items()))
    await measured
    return refused


async def _refused(harm: Harm, name: str, past: int) -> bool:
    """Does the late one say that its write was refused?"""
    until = time.monotonic() + REFUSED_SECONDS
    while time.monotonic() < until:
        if REFUSED[name] in harm.ground.log(name)[past:]:
            return True
        await asyncio.sleep(0.1)
    return False
