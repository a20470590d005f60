"""Up to where has the client of one connection heard each of its channels, and where did that begin?"""

from collections.abc import Iterable
from dataclasses import dataclass

from read_api.ws.sources import Entry


@dataclass(slots=True)
class Place:
    """On one channel, everything after `since` and up to `told` was told."""

    since: int
    told: int


class Places(dict[str, Place]):
    """By channel."""

    def shown(self, channels: Iterable[str], position: int) -> None:
        """The client has seen so much at a quicker node: what this one hears only later is nothing new to it."""
        for channel in channels:
            place = self.get(channel)
            if place is not None and place.told < position:
                self[channel] = Place(position, position)

    def is_shown(self, entry: Entry) -> bool:
        """Its client has it, or has left the channel."""
        place = self.get(entry.channel)
        return place is None or entry.position <= place.told

    def was_told(self, entry: Entry) -> bool:
        """Its client has it as a frame of this connection."""
        place = self.get(entry.channel)
        return place is not None and place.since < entry.position <= place.told
