"""Which documents have the log's newest events touched? For those who keep what they have made of documents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.ports import LogReader, Unavailable
from projections.running.projection import AnyProjection
from write_model.handling.coding import Decode
from write_model.kernel.message import Envelope, Event

AT_ONCE = 1_000  # events


@dataclass(frozen=True, slots=True)
class Touch:
    """An event was folded, or will be, into this document. `amount`: what the document will be queried by."""

    position: int
    view: str
    key: str
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """`position`: nothing else was touched up to there. `unknown`: an event that can't be read may touch anything."""

    position: int
    touches: Sequence[Touch] = ()
    unknown: bool = False


class Touching:
    """Follows the events that these projections fold. Documents are neither loaded nor folded."""

    def __init__(
        self,
        reader: LogReader,
        decode: Decode,
        names: Mapping[type, str],
        projections: Sequence[AnyProjection],
        amounts: Mapping[str, Callable[[Any], int]],
    ) -> None:
        self._reader = reader
        self._decode = decode
        self._projections = projections
        self._amounts = amounts  # by view: of an event
        self._types = sorted({names[kind] for projection in projections for kind in projection.handles})

    async def head(self) -> int:
        """Raises Unavailable."""
        return await self._reader.head()

    async def after(self, position: int, seconds: float) -> Touched:
        """As soon as the log is past the position, at most so much later. Raises Unavailable."""
        head = await self._reader.wait(position, seconds)
        if head <= position:
            return Touched(position)
        rows = await self._reader.read(position, AT_ONCE, self._types)
        reached = rows[-1].position if len(rows) == AT_ONCE else max([head, *(row.position for row in rows[-1:])])
        try:
            envelopes = await self._decode(rows)
        except Unavailable:
            raise
        except Exception:  # one of them is damaged, or newer than this code
            return Touched(reached, unknown=True)
        return Touched(reached, [touch for envelope in envelopes for touch in self._touches(envelope)])

    def _touches(self, envelope: Envelope[Event]) -> Sequence[Touch]:
        found: list[Touch] = []
        for projection in self._projections:
            if type(envelope.event) in projection.types:
                view = projection.source.view
                amount = self._amounts[view](envelope.event) if view in self._amounts else None
                found += [Touch(envelope.position, view, key, amount) for key in projection.key(envelope)]
        return found
