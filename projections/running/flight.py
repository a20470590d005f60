"""Which write of a projection is on its way while its next batch is read and folded? One at a time, in order."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from projections.running.folding import State

NOTHING: Mapping[str, State] = {}


class Flight:
    """A commit under way, and the documents in it: until it has landed they stand nowhere else for certain."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._states = NOTHING

    @property
    def is_on(self) -> bool:
        return self._task is not None

    def start(self, commit: Coroutine[Any, Any, None], states: Mapping[str, State]) -> None:
        """The one before it must have landed."""
        assert self._task is None
        self._task, self._states = asyncio.create_task(commit), states

    def state(self, key: str) -> State | None:
        """The document as it is being written, if it is."""
        return self._states.get(key)

    async def landed(self) -> None:
        """Wait for it. Raises what the commit raised."""
        if self._task is None:
            return
        try:
            await self._task
        finally:
            if self._task.done():
                self._task, self._states = None, NOTHING

    async def cut(self) -> None:
        """Nobody goes on after it: end it, and wait until it has ended, however it did."""
        task, self._task, self._states = self._task, None, NOTHING
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at: whoever follows reads from the store how far it came
