"""What travels: a command is wished for, an event has happened, an envelope is how an event is stored."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Generic, TypeVar
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A wish. It may be refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact. It is stored for ever and refused by nobody."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wished for it: `customer`, `admin`, `process`, `operator`, `import` or `anonymous`, and which one."""

    type: str
    id: str


E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope(Generic[E_co]):
    """An event with everything the log knows about it."""

    event: E_co
    event_id: UUID
    stream: str
    version: int  # 1, 2, 3 … within the stream
    position: int  # 1, 2, 3 … within the log, gapless
    recorded_at: datetime  # UTC, never decreasing with the position
    effective_at: datetime  # UTC, when it was true in the world
    actor: Actor
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None  # the event that caused the command
    origin: str | None = None  # "import": no process hears it
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """The moment, the place and the person of a decision. Nothing else of the world reaches a decider."""

    now: datetime  # UTC
    zone: tzinfo  # the market's: its days count
    actor: Actor

    @property
    def today(self) -> date:
        """The day on the wall of the market, not the day in UTC."""
        return self.now.astimezone(self.zone).date()
