"""How long does the bus wait before it tries again? On the loop's own clock, so that a simulation can move it."""

import asyncio
from collections.abc import Callable

FIRST, LONGEST = 0.010, 0.200  # seconds


def now() -> float:
    """Seconds on the loop's clock."""
    return asyncio.get_running_loop().time()


async def pause(seconds: float) -> None:
    """Wait so long."""
    try:
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
    except TimeoutError:
        return


def backoff(attempt: int, chance: Callable[[], float]) -> float:
    """Full jitter: anything up to 10 ms, doubling with each attempt (0, 1, 2 …) up to 200 ms."""
    return chance() * min(LONGEST, FIRST * 2.0 ** min(attempt, 10))


class Deadline:
    """So many seconds from now on."""

    def __init__(self, seconds: float) -> None:
        self._at = now() + seconds

    @property
    def left(self) -> float:
        return max(0.0, self._at - now())

    @property
    def passed(self) -> bool:
        return self.left == 0.0
