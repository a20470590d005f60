"""The twin of the record of generations, for unit tests and the simulation."""

from collections.abc import Mapping
from dataclasses import replace

from infra.ports import Fenced, Generations


class MemoryGenerations:
    """Implements GenerationStore."""

    def __init__(self) -> None:
        self._views: dict[str, Generations] = {}

    async def read(self) -> Mapping[str, Generations]:
        return dict(self._views)

    async def put(self, view: str, new: Generations) -> Generations:
        if self._views.get(view, Generations()).revision != new.revision:
            raise Fenced
        stored = self._views[view] = replace(new, revision=new.revision + 1)
        return stored
