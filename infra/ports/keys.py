"""What is asked of the keys that seal personal data."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DataKey:
    key_id: UUID
    subject: UUID
    secret: bytes = field(repr=False)  # 32 bytes, AES-256


class KeyDestroyed(Exception):
    """The subject was erased: nothing more may be sealed for it."""


class Keys(Protocol):
    async def make(self, subject: UUID) -> DataKey:
        """The subject's newest key, made if there is none. Raises KeyDestroyed."""

    async def make_all(self, subjects: Collection[UUID]) -> None:
        """The same for many at once, so that `make` finds them at hand; who was erased is passed over."""

    async def find(self, key_ids: Collection[UUID]) -> Mapping[UUID, DataKey]:
        """The keys that still exist."""

    async def destroy(self, subject: UUID) -> None: ...
