"""Where does the log end, by its own word? What was told of a later position is of a future that was lost.

A log that was restored from an older backup ends before positions that clients and read models have seen already.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from infra.ports import Unavailable

NOWHERE = 2**63  # beyond every position


class LostFuture(Exception):
    """The position has never been, or was lost with the end of the log. `head`: where the log ends now."""

    def __init__(self, head: int) -> None:
        super().__init__(f"the log ends at position {head}")
        self.head = head


class LogEnd:
    """`ask`: the log's head. None: nobody can be asked, and every position may exist."""

    def __init__(self, ask: Callable[[], Awaitable[int]] | None = None) -> None:
        self._ask = ask
        self._asking: asyncio.Task[int | None] | None = None
        self.bound = NOWHERE  # positions beyond it are known not to exist

    @property
    def under_way(self) -> Sequence["asyncio.Task[int | None]"]:
        """The question that has no answer yet, if there is one."""
        return [self._asking] if self._asking is not None and not self._asking.done() else []

    async def look(self, told: int) -> bool:
        """Whether the log ends before this position, which a store has just told; `bound` says where from then on."""
        head = await self._head()
        if head is None:
            return False
        self.bound = head if head < told else NOWHERE
        return head < told

    async def check(self, position: int, seconds: float) -> None:
        """Raises LostFuture, when the log says within so many seconds that it does not reach the position."""
        if self._ask is None:
            return
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._head())
        asked = self._asking
        await asyncio.wait([asked], timeout=seconds)
        head = asked.result() if asked.done() and not asked.cancelled() else None
        if head is not None and head < position:
            raise LostFuture(head)

    async def _head(self) -> int | None:
        if self._ask is None:
            return None
        try:
            return await self._ask()
        except Unavailable:
            return None
