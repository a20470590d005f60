"""The twin of the keys database, for unit tests and the simulation."""

import os
from collections.abc import Callable, Collection, Mapping
from uuid import UUID, uuid5

from infra.ports import DataKey, KeyDestroyed


class MemoryKeys:
    """Implements Keys. A key's id follows from its subject, so that a seeded run repeats itself."""

    def __init__(self, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._random_bytes = random_bytes
        self._keys: dict[UUID, DataKey] = {}  # by subject
        self._by_id: dict[UUID, DataKey] = {}
        self._destroyed: set[UUID] = set()

    async def make(self, subject: UUID) -> DataKey:
        if subject in self._destroyed:
            raise KeyDestroyed(f"the keys of {subject} were destroyed")
        key = self._keys.get(subject)
        if key is None:
            key = DataKey(uuid5(subject, "data key"), subject, self._random_bytes(32))
            self._keys[subject] = self._by_id[key.key_id] = key
        return key

    async def make_all(self, subjects: Collection[UUID]) -> None:
        for subject in subjects:
            if subject not in self._destroyed:
                await self.make(subject)

    async def find(self, key_ids: Collection[UUID]) -> Mapping[UUID, DataKey]:
        return {key_id: self._by_id[key_id] for key_id in key_ids if key_id in self._by_id}

    async def destroy(self, subject: UUID) -> None:
        self._destroyed.add(subject)
        key = self._keys.pop(subject, None)
        if key is not None:
            del self._by_id[key.key_id]
