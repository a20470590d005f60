"""Who hears what? One tail of the public changes a process, handed to the connections that joined the channel."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from read_api.ws.sources import Behind, Changes, Entry

BATCH = 500
IDLE_SECONDS = 1.0
MOST_WAITING = 512  # entries of one connection; above: only the newest of what may be merged
MERGED = frozenset({"stock:updated"})  # the newest says all


@dataclass(slots=True)
class Mailbox:
    """What waits for one connection. Full of what can't be merged: it is `lost` and has to resume."""

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

    def _merge(self) -> None:
        newest = {entry.channel: entry.position for entry in self.waiting if entry.type in MERGED}
        self.waiting = deque(
            entry for entry in self.waiting if entry.type not in MERGED or newest[entry.channel] == entry.position
        )


class Hub:
    """All connections of this process. `position`: every change up to there has been handed out."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._rooms: dict[str, dict[int, Mailbox]] = {}
        self.position = 0

    async def start(self) -> None:
        """Whoever joins now hears everything after the present position."""
        self.position = await self._changes.position()

    async def run(self) -> None:
        """Hand out, until cancelled."""
        while True:
            reached = await self._changes.wait(self.position, IDLE_SECONDS)
            if reached < self.position:  # the store was dropped and is folded again: nothing new until it is back
                continue
            while self.position < reached:
                try:
                    entries = await self._changes.between(self.position, reached, BATCH)
                except Behind:  # the store is away: what was missed comes when it is back
                    await self._changes.wait(reached, IDLE_SECONDS)
                    break
                self._hand_out(entries)
                self.position = entries[-1].position if len(entries) == BATCH else reached

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

    def _hand_out(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            for mailbox in self._rooms.get(entry.channel, {}).values():
                mailbox.put(entry)
