"""Ids that a seed repeats."""

from datetime import datetime
from random import Random
from uuid import UUID

from infra.memory.clock import START


class SeededIds:
    """UUIDv7 in rising order: a millisecond per id, the rest from the seed."""

    def __init__(self, seed: int = 0, start: datetime = START) -> None:
        self._chance = Random(seed)  # noqa: S311 repeatable, not secret
        self._millisecond = int(start.timestamp() * 1000)

    def new(self) -> UUID:
        self._millisecond += 1
        chance = self._chance.getrandbits(74)
        value = self._millisecond << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
        return UUID(int=value)
