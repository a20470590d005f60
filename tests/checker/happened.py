"""What does a row of the log say? One event as plain JSON, its personal fields opened where their key still exists."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid5

Json = dict[str, Any]

PLATFORM = UUID("6f1d1c5e-6a0b-5d6c-9f53-7d0e6a3b2c41")  # namespace of ids that are derived from texts


@dataclass(frozen=True, slots=True)
class Happened:
    """An event. Moments are RFC 3339 in UTC with microseconds, as documents write them."""

    position: int
    stream: str
    version: int
    type: str
    event_id: UUID
    command_id: UUID
    at: str  # when it was true in the world
    recorded_at: str
    actor_type: str
    actor_id: str
    origin: str | None
    data: Json

    @property
    def room(self) -> str:
        return self.type.partition(".")[0]


def rfc3339(moment: datetime) -> str:
    """In UTC with microseconds: one length, so that texts sort as moments do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(text: str) -> str:
    """A moment as events write it, as documents write it."""
    return rfc3339(datetime.fromisoformat(text))


def derived(namespace: UUID, *parts: str) -> UUID:
    """Ids that follow from others, so that a repeat is recognised."""
    return uuid5(namespace, "/".join(parts))


def command_id(scope: str, key: str) -> UUID:
    """Under which id a caller's Idempotency-Key is stored."""
    return derived(PLATFORM, scope, key)


def stock_stream(variant: str, warehouse: str) -> str:
    return f"stock-{derived(UUID(variant), 'stock', warehouse)}"


@cache
def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def picked(data: Json, *names: str) -> Json:
    """These fields of an event, named as documents name them."""
    return {camel(name): data[name] for name in names}
