"""How do documents get to Redis? Beside the projection, which never waits for it; whole, with position and epoch."""

import asyncio
from collections.abc import Sequence

from infra.ports import Copy, KeyValueStore, Unavailable
from write_model.kernel.clock import Clock

MOST_WAITING = 20_000  # copies; above: all are void, and made again as they are asked for
RETRY_SECONDS = 0.2
CHECK_SECONDS = 5.0  # between two looks whether Redis still has what it had, while nothing is written
AT_ONCE = 500
UNKNOWN = -1


class Copier:
    """The copies of one view. Whatever happens to Redis, its copies are current up to `covered`, or void."""

    def __init__(self, view: str, store: KeyValueStore, clock: Clock) -> None:
        self._view = view
        self._store = store
        self._clock = clock
        self._waiting: dict[str, Copy] = {}
        self._covered = 0  # what the copies will hold with those that wait
        self._written = UNKNOWN  # what Redis says they hold
        self._epoch: str | None = None
        self._is_unsure = False  # whether Redis still has it
        self._put = asyncio.Event()

    def start(self, position: int) -> None:
        """The projection begins at this position: copies that stand elsewhere are void."""
        self._waiting.clear()
        self._epoch, self._written, self._covered = None, position, position
        self._put.set()

    def put(self, copies: Sequence[Copy], position: int) -> None:
        """After a commit: these have changed, and nothing else up to `position`."""
        for copy in copies:
            self._waiting[copy.key] = copy
        if len(self._waiting) > MOST_WAITING:
            self.forget(position)
        self._covered = position
        self._put.set()

    def forget(self, position: int) -> None:
        """Too much has changed to copy it all: every copy made so far is void."""
        self._waiting.clear()
        self._epoch, self._written, self._covered = None, UNKNOWN, position
        self._put.set()

    async def run(self) -> None:
        """Copy until cancelled."""
        while True:
            await self._waited()
            self._put.clear()
            try:
                await self._check()
                while not await self._turn():
                    pass
            except Unavailable:
                self._put.set()
                await self._clock.sleep(RETRY_SECONDS)

    async def _waited(self) -> None:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._put.wait()
        except TimeoutError:
            self._is_unsure = True

    async def _check(self) -> None:
        """A Redis that forgot or went back in time while nothing was written: its copies are void."""
        if not self._is_unsure:
            return
        cached = (await self._store.get(self._view, ["-"]))[0]
        if (cached.epoch, cached.covered) != (self._epoch, self._written):
            self._epoch = None
        self._is_unsure = False

    async def _turn(self) -> bool:
        """Whether nothing waits any more."""
        if self._epoch is None:
            await self._begin()
            return False
        epoch, covered = self._epoch, self._covered
        copies = list(self._waiting.values())[:AT_ONCE]
        is_all = len(copies) == len(self._waiting)
        if not copies and covered == self._written:
            return True
        if not await self._store.put_newer(self._view, epoch, copies, covered if is_all else None, self._written):
            if epoch == self._epoch:
                self._epoch, self._written = None, UNKNOWN
            return False
        if epoch != self._epoch:
            return False  # the projection began anew in between
        for copy in copies:
            if self._waiting.get(copy.key) is copy:
                del self._waiting[copy.key]
        if is_all:
            self._written = covered
        return not self._waiting and self._covered == self._written

    async def _begin(self) -> None:
        start, covered = self._written, self._covered
        cached = (await self._store.get(self._view, ["-"]))[0]
        if cached.epoch is not None and cached.covered == start:
            self._epoch = cached.epoch
            return
        epoch = await self._store.begin(self._view, covered)
        if self._epoch is None and self._written == start:
            self._epoch, self._written = epoch, covered


class Nudger:
    """Tells a channel how far a projection is, as soon as it is there. What is lost is polled for."""

    def __init__(self, channel: str, store: KeyValueStore, clock: Clock) -> None:
        self._channel = channel
        self._store = store
        self._clock = clock
        self._position = 0
        self._put = asyncio.Event()

    def put(self, position: int) -> None:
        self._position = position
        self._put.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            await self._put.wait()
            self._put.clear()
            try:
                await self._store.nudge(self._channel, self._position)
            except Unavailable:
                await self._clock.sleep(RETRY_SECONDS)
