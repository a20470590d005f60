"""Who writes down that a projection has passed events it does not fold? All of a store's projections at once."""

import asyncio

from infra.ports import Unavailable, ViewStore
from write_model.kernel.clock import Clock

EVERY = 0.025  # seconds


class Moves:
    """One per store. What is put is written within moments, or replaced by a later move."""

    def __init__(self, store: ViewStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._pending: dict[str, tuple[int, int, int]] = {}
        self._put = asyncio.Event()

    def put(self, target: str, fence: int, after: int, position: int) -> None:
        self._pending[target] = (fence, after, position)
        self._put.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._put.wait()
            await self._clock.sleep(EVERY)
            self._put.clear()
            pending, self._pending = self._pending, {}
            try:
                await self._store.advance(pending)
            except Unavailable:
                self._pending = {**pending, **self._pending}
                self._put.set()
                await self._clock.sleep(EVERY * 20)
