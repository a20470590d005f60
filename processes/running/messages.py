"""What does a process hear, and what may it wish for? The whole language between `react` and its runner.

`react(state, message)` is pure and gives the next state with its wishes. The runner sends every Dispatch; a refusal is
heard as a message before anything is kept; then state, timers and effects are kept in one transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from write_model.kernel.message import Command, Envelope, Event


@dataclass(frozen=True, slots=True)
class TimeCame:
    """A timer rings, for the moment that it was set to. It is never cancelled: the state decides what it means."""

    key: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A command to be sent. Its id comes from the message's cause and `key`: a repeat is answered, not repeated.

    `then` is wished for only once it is accepted.
    """

    command: Command
    key: str
    then: tuple["Wish", ...] = ()


@dataclass(frozen=True, slots=True)
class WakeMe:
    """A durable timer. A later wish of the same name replaces it."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Perform:
    """An effect on the outside world. `key` is the provider's idempotency key; the payload is of ids and amounts."""

    kind: str
    key: str
    payload: Mapping[str, object] = field(default_factory=dict)


Wish = Dispatch | WakeMe | Perform


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rules turned a wish down."""

    wish: Dispatch
    code: str


Message = Envelope[Any] | TimeCame | Refusal


class Unforeseen(Exception):
    """A process does not know what to do: its key is parked, people are told."""


S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process(Generic[S]):
    """One kind of process. Annotate the constant (`PROCESS: Process[Collecting]`)."""

    name: str
    version: int  # of the state's shape
    handles: tuple[type[Event], ...]
    key: Callable[[Envelope[Any]], str | None]  # None: not of interest
    initial: S
    react: Callable[[S, Message], tuple[S, Sequence[Wish]]]
    state: type[S]  # a frozen dataclass of plain types
