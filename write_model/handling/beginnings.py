"""Where does folding a long stream begin? At its snapshot, for aggregates whose state holds nothing personal.

A snapshot is outside the log and may be missing, old, or of another version of the state: then it is ignored, and
folding begins further back. It saves reading, never truth: the append checks the version all the same.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from infra.ports import Snapshot, Snapshots, Unavailable
from write_model.handling.cache import Known
from write_model.kernel.decider import Decider
from write_model.kernel.ids import category

EVERY = 200  # events that were folded at once: then where they led is kept
_POSITION = 8  # bytes before the state: the position of the last event in it


class Beginnings:
    """The snapshots of those aggregates that say in which type their state is kept."""

    def __init__(self, deciders: Mapping[str, Decider[Any, Any, Any]], snapshots: Snapshots) -> None:
        self._deciders = deciders
        self._snapshots = snapshots
        self._forms = {
            name: msgspec.json.Decoder(decider.kept) for name, decider in deciders.items() if decider.kept is not None
        }
        self._encoder = msgspec.json.Encoder()

    async def of(self, streams: Sequence[str]) -> Mapping[str, Known]:
        """Of those streams that have one. Raises Unavailable."""
        wanted = [stream for stream in streams if category(stream) in self._forms]
        found = await asyncio.gather(*map(self._load, wanted)) if wanted else ()
        return {stream: known for stream, known in zip(wanted, found, strict=True) if known is not None}

    async def keep(self, stream: str, folded: int, known: Known) -> None:
        """After so many events were folded for it. A store that is away costs nothing but the next folding."""
        if folded < EVERY or category(stream) not in self._forms:
            return
        state = known.position.to_bytes(_POSITION, "big") + self._encoder.encode(known.state)
        try:
            await self._snapshots.save(stream, self._version(stream), Snapshot(known.version, state))
        except Unavailable:
            return

    async def _load(self, stream: str) -> Known | None:
        found = await self._snapshots.load(stream, self._version(stream))
        if found is None:
            return None
        try:
            state = self._forms[category(stream)].decode(found.state[_POSITION:])
        except (msgspec.DecodeError, msgspec.ValidationError):
            return None
        return Known(found.version, int.from_bytes(found.state[:_POSITION], "big"), state)

    def _version(self, stream: str) -> int:
        return self._deciders[category(stream)].state_version
