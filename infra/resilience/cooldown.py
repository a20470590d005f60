"""Has it just failed to answer? Then it is not asked again for a moment, so that nobody waits for it in vain."""

import time
from collections.abc import Callable

from infra.ports import Unavailable


class Cooldown:
    """After `failed`, `check` raises Unavailable for `seconds`."""

    def __init__(self, name: str, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._seconds = seconds
        self._now = now
        self._until = float("-inf")

    def check(self) -> None:
        if self._now() < self._until:
            raise Unavailable(f"{self._name} has just failed to answer")

    def failed(self) -> None:
        self._until = self._now() + self._seconds
