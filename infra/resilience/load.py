"""How much work does a process take on? So much at once, none while its loop is late; others come back.

Every queue has a bound: what is not taken on is refused at the door, cheaply, before anything is read or decided.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from infra.ports import Busy

LOOK_EVERY = 0.05  # seconds
LATE = 0.5  # seconds that a timer may be late
STANDING = 1.0  # seconds of being late all the time: a queue that stands, not a burst that passes
LONGEST_WAIT = 3  # seconds, told with Retry-After


class Load:
    """Work of one kind in this process. `watch` has to run for lateness to be noticed."""

    def __init__(self, most: int, told: Callable[[int], None] = lambda refused: None) -> None:
        self._most = most
        self._told = told
        self._late_since: float | None = None
        self._is_standing = False
        self._turn = 0
        self.inside = 0
        self.refused = 0  # since it was last told

    @property
    def is_full(self) -> bool:
        """Whether the next one is refused."""
        return self.inside >= self._most or self._is_standing

    @contextmanager
    def one(self) -> Iterator[None]:
        """While it is under way. Raises Busy."""
        if self.is_full:
            raise Busy(self.retry_after())
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    def retry_after(self) -> float:
        """Seconds; not the same for all who are refused at once, lest they come back at once."""
        self.refused += 1
        self._turn = self._turn % LONGEST_WAIT + 1
        return float(self._turn)

    def noticed(self, late: float, now: float) -> None:
        """A timer was so many seconds late."""
        if late < LATE:
            self._late_since, self._is_standing = None, False
            return
        if self._late_since is None:
            self._late_since = now
        self._is_standing = now - self._late_since >= STANDING

    async def watch(self) -> None:
        """Notice how late the loop is, until cancelled; say now and then how much was refused."""
        loop = asyncio.get_running_loop()
        tell_at = loop.time() + 1
        while True:
            expected = loop.time() + LOOK_EVERY
            await asyncio.sleep(LOOK_EVERY)
            now = loop.time()
            self.noticed(now - expected, now)
            if self.refused and now >= tell_at:
                self._told(self.refused)
                self.refused, tell_at = 0, now + 1
