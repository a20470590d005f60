"""May this client ask once more? A bucket of tokens for each, filled at a steady rate, kept as one number."""

import time
from collections.abc import Callable, Hashable

MOST_CLIENTS = 20_000  # remembered at once; whoever's bucket is full again is forgotten first


class Buckets:
    """`rate` requests a second for each client, and up to `burst` at once. In this process alone."""

    def __init__(
        self, rate: float, burst: float, most: int = MOST_CLIENTS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._each = 1 / rate  # seconds that a token takes to come back
        self._depth = (burst - 1) / rate  # seconds that an empty bucket takes, but for the token that is asked for
        self._most = most
        self._now = now
        self._full_at: dict[Hashable, float] = {}  # when the client's bucket will be full again

    def take(self, client: Hashable) -> float:
        """0: it may. Else the seconds until it may; no token is taken then."""
        now = self._now()
        full_at = self._full_at.get(client, now)
        if full_at < now:
            full_at = now
        if full_at - now > self._depth:
            return full_at - now - self._depth
        if len(self._full_at) >= self._most and client not in self._full_at:
            self._forget(now)
        self._full_at[client] = full_at + self._each
        return 0.0

    @property
    def clients(self) -> int:
        """Remembered now."""
        return len(self._full_at)

    def _forget(self, now: float) -> None:
        self._full_at = {client: full_at for client, full_at in self._full_at.items() if full_at > now}
        if len(self._full_at) >= self._most:
            self._full_at.clear()  # so many at once: the bound of the work itself has to do
