"""May we call out now? A breaker that opens when half of the recent calls failed."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol, TypeVar

from infra.ports import OutcomeUnknown, ProviderUnavailable

T = TypeVar("T")


class Clock(Protocol):
    async def now(self) -> datetime: ...


class BreakerState(Enum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    PROBING = "PROBING"  # one call is under way to see whether it works again


class Breaker:
    """One for each outside party. Unreachable, unknown and too slow are failures; a refusal is an answer.

    Closed: lets through. Open (at `ratio` failures of at least `minimum` calls in the last `window` seconds): refuses
    for `rest` seconds, then lets one probe through: its success closes, its failure opens again.
    """

    def __init__(
        self,
        clock: Clock,
        name: str,
        *,
        window: float = 10.0,
        minimum: int = 10,
        ratio: float = 0.5,
        rest: float = 30.0,
    ) -> None:
        self.name = name
        self.state = BreakerState.CLOSED
        self._clock = clock
        self._window = timedelta(seconds=window)
        self._minimum = minimum
        self._ratio = ratio
        self._rest = timedelta(seconds=rest)
        self._calls: deque[tuple[datetime, bool]] = deque()
        self._failed = 0
        self._opened_at: datetime | None = None

    async def run(self, call: Callable[[], Awaitable[T]], seconds: float = 3.0) -> T:
        """The call's answer within `seconds`. Raises ProviderUnavailable when open, OutcomeUnknown when too slow."""
        probing = self._enter(await self._clock.now())
        worked: bool | None = None  # None: it was cancelled, which says nothing
        try:
            async with asyncio.timeout(seconds):
                answer = await call()
            worked = True
        except TimeoutError:
            worked = False
            raise OutcomeUnknown(f"{self.name}: no answer within {seconds} s") from None
        except (OutcomeUnknown, ProviderUnavailable):
            worked = False
            raise
        except Exception:
            worked = True
            raise
        finally:
            await self._end(worked, probing)
        return answer

    def _enter(self, now: datetime) -> bool:
        """Whether this call is the probe. Raises ProviderUnavailable."""
        if self.state is BreakerState.CLOSED:
            return False
        assert self._opened_at is not None, "an open breaker knows since when"
        left = (self._opened_at + self._rest - now).total_seconds()
        if self.state is BreakerState.PROBING or left > 0:
            raise ProviderUnavailable(f"{self.name}: not called, it fails too often", max(left, 1.0))
        self.state = BreakerState.PROBING
        return True

    async def _end(self, worked: bool | None, probing: bool) -> None:
        noted = False
        try:
            if worked is not None:
                self._note(await self._clock.now(), worked, probing)
                noted = True
        finally:
            if probing and not noted:
                self.state = BreakerState.OPEN  # the rest is over: the next call is the probe

    def _note(self, now: datetime, worked: bool, probing: bool) -> None:
        if probing:
            self._clear()
            self.state = BreakerState.CLOSED if worked else BreakerState.OPEN
            self._opened_at = None if worked else now
        elif self.state is BreakerState.CLOSED:
            self._calls.append((now, worked))
            self._failed += not worked
            self._slide(now)
            count = len(self._calls)
            if count >= self._minimum and self._failed >= self._ratio * count:
                self._clear()
                self.state = BreakerState.OPEN
                self._opened_at = now

    def _slide(self, now: datetime) -> None:
        while self._calls and self._calls[0][0] <= now - self._window:
            _, worked = self._calls.popleft()
            self._failed -= not worked

    def _clear(self) -> None:
        self._calls.clear()
        self._failed = 0
