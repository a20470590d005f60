"""Is the same command being handled right now? Then its sender waits for the first one's answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from msgspec.structs import replace

from write_model.handling.failures import InFlight, KeyReused
from write_model.handling.request import Answer

PATIENCE = 5.0  # seconds


@dataclass(slots=True)
class _First:
    fingerprint: bytes
    answer: asyncio.Future[Answer | None] | None = None  # made by who waits; an answer that is None: the next one tries


class Flights:
    """Commands under way by their ids, in this process. The log recognises repeats of other processes."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._first: dict[UUID, _First] = {}

    async def once(self, command_id: UUID, fingerprint: bytes, handle: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of `handle`, or of the same command that came before. Raises InFlight, KeyReused."""
        while (first := self._first.get(command_id)) is not None:
            answer = await self._wait(first)
            if answer is not None:
                if first.fingerprint != fingerprint:
                    raise KeyReused
                return replace(answer, replayed=True)
        mine = _First(fingerprint)
        self._first[command_id] = mine
        answer = None
        try:
            answer = await handle()
            return answer
        finally:
            del self._first[command_id]
            if mine.answer is not None:
                mine.answer.set_result(answer)

    async def _wait(self, first: _First) -> Answer | None:
        if first.answer is None:
            first.answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.shield(first.answer)
        except TimeoutError:
            raise InFlight(retry_after=1.0) from None
