"""What is remembered of aggregates: their last known states, to be checked by the append."""

from collections import OrderedDict

from msgspec import Struct


class Known(Struct, frozen=True):
    """A state, the version it is at, and the position of its last event (0: there is no event yet)."""

    version: int
    position: int
    state: object


class StateCache:
    """The most recently used states by stream. What it holds is true of a past moment, never half of one."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: OrderedDict[str, Known] = OrderedDict()

    def get(self, stream: str) -> Known | None:
        known = self._held.get(stream)
        if known is not None:
            self._held.move_to_end(stream)
        return known

    def put(self, stream: str, known: Known) -> None:
        """A version older than what is held changes nothing."""
        held = self._held.get(stream)
        if held is not None and held.version > known.version:
            return
        self._held[stream] = known
        self._held.move_to_end(stream)
        if len(self._held) > self._size:
            self._held.popitem(last=False)

    def drop(self, stream: str) -> None:
        self._held.pop(stream, None)
