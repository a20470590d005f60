"""A broker in memory that may lose what it is told, as the real one may."""

import asyncio
from uuid import UUID


class MemoryBroker:
    """Implements Broker. `next` gives the ids in the order in which they were told; `lose` drops them instead."""

    def __init__(self) -> None:
        self._told: asyncio.Queue[UUID] = asyncio.Queue()
        self.lose = False

    async def wake(self, effect_id: UUID) -> None:
        if not self.lose:
            self._told.put_nowait(effect_id)

    async def next(self) -> UUID:
        return await self._told.get()

    @property
    def waiting(self) -> int:
        return self._told.qsize()
