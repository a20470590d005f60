"""Whose turn is it? Commands of one process that may write the same stream go one after the other.

Between processes the log arbitrates. A process whose commands follow each other closely on one stream would always
win there, because it decides from what it remembers while others still read. So after a row of turns it pauses for as
long as another one needs to see that, to decide and to append; who loses then watches for such a pause.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

ROW = 16  # turns after which others are let in
LONGEST_ROW = 64  # while nobody is seen
COURTESY = 4.0  # appends: a pause lasts as long
SHORTEST, LONGEST = 0.002, 0.1  # seconds of a pause


@dataclass(slots=True)
class _Queue:
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    turns: int = 0  # since others were let in, while somebody waited
    row: int = ROW


class Queues:
    """First come, first served, per stream; several are taken in sorted order, so nobody waits in a circle."""

    def __init__(self, pause: Callable[[float], Awaitable[None]]) -> None:
        self._pause = pause
        self._queues: dict[str, _Queue] = {}
        self.append_time = SHORTEST  # seconds that an append takes, lately

    def took(self, seconds: float) -> None:
        """An append of this process took so long."""
        self.append_time += (seconds - self.append_time) / 8

    def try_take(self, names: Collection[str]) -> bool:
        """All at once, when nobody holds any of them."""
        for name in names:
            if name in self._queues:
                return False
        for name in names:
            self._queues[name] = _Queue()
        return True

    async def take(self, names: Collection[str]) -> None:
        """Waits for each. Cancelled, it holds none of them."""
        held: list[str] = []
        try:
            for name in sorted(names):
                await self._take_one(name)
                held.append(name)
                await self._let_others_in(name)
        except BaseException:
            self.give(held)
            raise

    def give(self, names: Collection[str]) -> None:
        """To the next who waits for it."""
        for name in names:
            queue = self._queues[name]
            while queue.waiting:
                turn = queue.waiting.popleft()
                if not turn.done():
                    queue.turns += 1
                    turn.set_result(None)
                    break
            else:
                del self._queues[name]

    def lost(self, names: Collection[str]) -> None:
        """Another process wrote these streams: others are let in more often."""
        for name in names:
            queue = self._queues.get(name)
            if queue is not None:
                queue.turns = 0
                queue.row = ROW

    async def _take_one(self, name: str) -> None:
        queue = self._queues.get(name)
        if queue is None:
            self._queues[name] = _Queue()
            return
        turn = asyncio.get_running_loop().create_future()
        queue.waiting.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give([name])  # it was ours in the same moment
            raise

    async def _let_others_in(self, name: str) -> None:
        queue = self._queues[name]
        if queue.turns >= queue.row:
            queue.turns = 0
            queue.row = min(queue.row * 2, LONGEST_ROW)  # nobody may be there: `lost` says when somebody is
            await self._pause(min(max(COURTESY * self.append_time, SHORTEST), LONGEST))
