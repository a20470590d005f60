"""The one source of the present moment. `now` is awaited: the virtual clock reads it from PostgreSQL."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    async def now(self) -> datetime:
        """The present moment, UTC, aware."""

    async def sleep(self, seconds: float) -> None: ...
