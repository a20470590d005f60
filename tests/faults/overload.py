"""python -m tests.faults.overload [--seconds 60]: five times what the platform can do, and what is left afterwards.

Open loop: requests begin at their times, whether or not others were answered. Every answer must be what was asked for,
or a refusal (429 or 503) that says when to come back. Exit code 1 where a bound was broken.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from itertools import count

import uvloop

from tools.api_client import PREFIX
from tools.bench.processes import pss_bytes
from tools.bench.shop import open_shop
from tools.bench.wire import NoAnswer, Wire, asked

TIMES = 5
CALLERS = 32  # who measure the capacity, each asking again when it has the answer
CONNECTIONS = 1_500  # at most: more would only wait in the kernel
CALIBRATION, WINDOW = 5.0, 2.0  # seconds
RECOVERED, RECOVERY_SECONDS = 0.9, 30.0
MOST_GROWTH = 300 * 1024 * 1024  # bytes, of the process behind the door
REFUSED = (429, 503)

Ask = Callable[[], bytes]  # the next request


@dataclass(slots=True)
class Told:
    """What was seen. Rates are answers of the wanted kind a second."""

    capacity: float = 0.0
    seconds: float = 0.0
    begun: int = 0
    no_connection: int = 0  # requests that found every connection waiting for an answer
    good: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    before_bytes: int = 0
    most_bytes: int = 0
    after: float = 0.0
    recovered_in: float = 0.0  # seconds

    @property
    def growth(self) -> int:
        return max(0, self.most_bytes - self.before_bytes)

    def broken(self, share: float = RECOVERED, *, refusing: bool = True) -> Sequence[str]:
        """Which bounds were not held. `refusing`: somebody has to have been refused."""
        found = [f"{count} times {what}" for what, count in self.wrong.items()]
        if refusing and not self.refused:
            found.append("nobody was refused: that was no overload")
        if self.growth > MOST_GROWTH:
            found.append(f"memory grew by {self.growth // 2**20} MiB")
        if self.after < share * self.capacity:
            found.append(f"{self.after:.0f}/s after {RECOVERY_SECONDS:.0f} s, {self.capacity:.0f}/s before")
        return found


class Crowd:
    """Asks one kind of thing of one door."""

    def __init__(self, url: str, ask: Ask, good: int, pid: int) -> None:
        self._url, self._ask, self._good, self._pid = url, ask, good, pid
        self.told = Told(before_bytes=pss_bytes([pid]))

    async def run(self, seconds: float, calibration: float = CALIBRATION) -> Told:
        """What is possible, five times that for so long, and how long it takes until it is possible again."""
        told = self.told
        told.capacity = await self.closed(calibration)
        told.seconds = seconds
        watching = asyncio.create_task(self._watch())
        await self.open(seconds, TIMES * told.capacity)
        watching.cancel()
        begun = time.monotonic()
        while told.after < RECOVERED * told.capacity and time.monotonic() < begun + RECOVERY_SECONDS:
            told.after = await self.closed(WINDOW)
        told.recovered_in = round(time.monotonic() - begun, 1)
        return told

    async def closed(self, seconds: float) -> float:
        """Answers a second, of callers who wait for theirs."""
        answered, begun = 0, time.monotonic()

        async def caller() -> None:
            nonlocal answered
            wire = Wire(self._url)
            try:
                while time.monotonic() < begun + seconds:
                    got = await wire.ask(self._ask())
                    answered += got.status == self._good
                    if got.status != self._good:
                        await asyncio.sleep(0.05)
            finally:
                wire.close()

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
        return answered / (time.monotonic() - begun)

    async def open(self, seconds: float, rate: float) -> None:
        """So many requests begin each second."""
        free = [Wire(self._url) for _ in range(CONNECTIONS)]
        wires, begun = list(free), time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            while (now := time.monotonic() - begun) < seconds:
                due = int(now * rate) - self.told.begun
                for _ in range(due):
                    self.told.begun += 1
                    if free:
                        tasks.create_task(self._one(free.pop(), free))
                    else:
                        self.told.no_connection += 1
                await asyncio.sleep(0.005)
        for wire in wires:
            wire.close()

    async def _one(self, wire: Wire, free: list[Wire]) -> None:
        try:
            got = await wire.ask(self._ask())
        except (NoAnswer, OSError, TimeoutError) as problem:
            self.told.wrong[type(problem).__name__] += 1
            return
        finally:
            free.append(wire)
        if got.status == self._good:
            self.told.good += 1
        elif got.status not in REFUSED:
            self.told.wrong[f"{got.status} {got.body[:100].decode(errors='replace')}"] += 1
        else:
            self.told.refused[got.status] += 1
            if not (got.header("retry-after") or "").isdecimal():
                self.told.wrong[f"{got.status} without Retry-After"] += 1

    async def _watch(self) -> None:
        while True:
            self.told.most_bytes = max(self.told.most_bytes, pss_bytes([self._pid]))
            await asyncio.sleep(0.25)


def lists() -> Ask:
    """Each another page of the catalogue that nobody has asked for: dear for the door, cheap for who asks."""
    most = count(10_000_000)
    return lambda: asked("GET", f"{PREFIX}/products?limit=100&price_max={next(most)}")


def shown(told: Told) -> str:
    facts = {each.name: getattr(told, each.name) for each in fields(told)}
    return json.dumps({**facts, "growth_bytes": told.growth}, indent=1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    with open_shop() as shop:
        pid = shop.run.pids["http"]
        crowd = Crowd(shop.run.urls["rest"], lists(), 200, pid)
        told = uvloop.run(crowd.run(seconds))
    print(shown(told))  # noqa: T201 it is a program
    for line in told.broken():
        print(f"BROKEN {line}")  # noqa: T201
    return 1 if told.broken() else 0


if __name__ == "__main__":
    sys.exit(main())
