"""Who waits for what others bring to its end? All who wait look together: one read of the log each time that it grows.

Who comes first looks for all, the others wait for that look; when it is over and somebody still waits, one of them goes
on. Whoever reads alone would be woken, and read, for every append of anybody.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from infra.ports import LogReader
from write_model.handling.cache import Known
from write_model.handling.loading import Loader
from write_model.handling.waiting import Deadline, pause

GATHER = 0.004  # seconds for which appends are gathered into one look


class Lookout:
    """Looks at the streams that somebody waits for."""

    def __init__(self, loader: Loader, reader: LogReader) -> None:
        self._loader = loader
        self._reader = reader
        self._watched: Counter[str] = Counter()
        self._found: dict[str, Known] = {}  # of the watched ones, where a look has been made
        self._seen = 0  # all that is watched was read up to this position, at least
        self._look: asyncio.Future[None] | None = None

    async def wait(self, name: str, is_open: Callable[[object], bool], after: int, seconds: float) -> Known:
        """The stream's state once it is not open any more, or as it is after so many seconds. Raises Unavailable."""
        deadline = Deadline(seconds)
        self._watched[name] += 1  # before it is read: a look that does not know of it is older than what is read here
        try:
            known = await self._loader.current(name)
            if len(self._watched) == 1 and self._look is None:
                self._seen = max(self._seen, known.position, after)
            while is_open(known.state):
                if deadline.passed:
                    return await self._loader.current(name)
                await self._once_more(deadline.left)
                found = self._found.get(name, known)
                known = found if found.version > known.version else known
            return known
        finally:
            self._watched[name] -= 1
            if not self._watched[name]:
                del self._watched[name]
                self._found.pop(name, None)

    async def _once_more(self, seconds: float) -> None:
        """Until a look for all has been made, by whomever; at most so long."""
        if self._look is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await asyncio.shield(self._look)
            return
        look = self._look = asyncio.get_running_loop().create_future()
        try:
            head = await self._reader.wait(self._seen, seconds)
            if head > self._seen:
                await pause(min(GATHER, seconds))
                found = await self._loader.newest(self._watched)
                self._found.update((name, known) for name, known in found.items() if name in self._watched)
                self._seen = head
        finally:
            self._look = None
            look.set_result(None)
