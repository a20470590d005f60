"""Who hears what? One tail of the public changes a process, handed to the connections that joined the channel."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from read_api.ws.sources import Behind, Changes, Entry
from write_model.kernel.clock import Clock

BATCH = 500
IDLE_SECONDS = 1.0
RETRY_SECONDS = 0.2  # while the changes can't be read
MOST_WAITING = 512  # entries of one connection; above: only the newest of what may be merged
MERGED = frozenset({"stock:updated"})  # the newest says all


@dataclass(slots=True)
class Mailbox:
    """What waits for one connection, in order. Full of what can't be merged: it is `lost` and has to resume."""

    wake: Callable[[], None]
    waiting: deque[Entry] = field(default_factory=deque)
    lost: bool = False

    def put(self, entry: Entry) -> None:
        if self.lost:
            return
        if len(self.waiting) >= MOST_WAITING:
            self._merge()
        if len(self.waiting) >= MOST_WAITING:
            self.lost = True
            self.waiting.clear()
        else:
            self.waiting.append(entry)
        self.wake()

    def up_to(self, position: int) -> list[Entry]:
        """Take out what has waited, up to there."""
        taken = []
        while self.waiting and self.waiting[0].position <= position:
            taken.append(self.waiting.popleft())
        return taken

    def _merge(self) -> None:
        newest = {entry.channel: entry.position for entry in self.waiting if entry.type in MERGED}
        self.waiting = deque(
            entry for entry in self.waiting if entry.type not in MERGED or newest[entry.channel] == entry.position
        )


class Hub:
    """All connections of this process. `position`: every change up to there has been handed out."""

    def __init__(self, changes: Changes, clock: Clock) -> None:
        self._changes, self._clock = changes, clock
        self._rooms: dict[str, dict[int, Mailbox]] = {}
        self._moved = asyncio.Event()
        self.position = 0

    async def start(self) -> None:
        """Whoever joins now hears everything after the present position."""
        self.position = await self._changes.position()

    async def run(self) -> None:
        """Hand out, until cancelled. A store that is away or folded again is waited for."""
        while True:
            reached = await self._changes.wait(self.position, IDLE_SECONDS)
            try:
                while self.position < reached:
                    entries = await self._changes.between(self.position, reached, BATCH)
                    self._hand_out(entries)
                    self._move(entries[-1].position if len(entries) == BATCH else reached)
            except Behind:
                await self._clock.sleep(RETRY_SECONDS)

    async def reach(self, position: int, seconds: float) -> int:
        """Until everything up to there has been handed out, at most so long; the position reached."""
        try:
            async with asyncio.timeout(seconds):
                while self.position < position:
                    await self._moved.wait()
        except TimeoutError:
            pass
        return self.position

    def join(self, channel: str, mailbox: Mailbox) -> int:
        """From now on; the position after which everything comes."""
        self._rooms.setdefault(channel, {})[id(mailbox)] = mailbox
        return self.position

    def leave(self, channels: Iterable[str], mailbox: Mailbox) -> None:
        for channel in channels:
            room = self._rooms.get(channel, {})
            room.pop(id(mailbox), None)
            if not room:
                self._rooms.pop(channel, None)

    def _move(self, position: int) -> None:
        self.position = position
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _hand_out(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            for mailbox in self._rooms.get(entry.channel, {}).values():
                mailbox.put(entry)
