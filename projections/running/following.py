"""Which generations are kept up to date? Whatever the record says, without a restart."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from infra.ports import Generations, GenerationStore, Unavailable
from projections.running.ending import end
from projections.running.generations import followed
from projections.running.projection import AnyProjection
from write_model.kernel.clock import Clock

LOOK_SECONDS = 1.0  # between two looks at the record


class Part(Protocol):
    async def run(self) -> None:
        """Until cancelled."""


Parts = Callable[[AnyProjection, bool], Sequence[Part]]
Wanted = tuple[str, int, bool]  # view, generation, whether it is the live one


class Following:
    """Runs the parts of every generation that is to be followed. `parts`: of one, and whether it is the live one.

    The live one alone has copies and nudges: those of two generations would replace each other.
    """

    def __init__(
        self, store: GenerationStore, projections: Sequence[AnyProjection], parts: Parts, clock: Clock
    ) -> None:
        self._store, self._parts, self._clock = store, parts, clock
        self._projections = {each.source.family: each for each in projections}
        self._running: dict[Wanted, Sequence[asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Until cancelled. Raises what a part raises: parts end by themselves only through a bug."""
        try:
            while True:
                with suppress(Unavailable):  # whoever runs goes on
                    await self._turn(await self._store.read())
                await self._clock.sleep(LOOK_SECONDS)
        finally:
            await end([task for tasks in self._running.values() for task in tasks])

    async def _turn(self, views: Mapping[str, Generations]) -> None:
        wanted: dict[Wanted, None] = {}
        for view in self._projections:
            generations = views.get(view, Generations())
            wanted |= {(view, number, number == generations.live): None for number in followed(generations)}
        for gone in [each for each in self._running if each not in wanted]:
            await end(self._running.pop(gone))  # before its successor starts: one of them writes
        for view, number, is_live in wanted:
            if (view, number, is_live) not in self._running:
                parts = self._parts(self._projections[view].at(number), is_live)
                self._running[view, number, is_live] = [asyncio.create_task(part.run()) for part in parts]
        for task in [task for tasks in self._running.values() for task in tasks if task.done()]:
            task.result()
