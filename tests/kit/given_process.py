"""given_process(process, *messages).when(message).then(*wishes), or .nothing(), with the stage it leads to.

The messages of a process are facts of several streams: `told` numbers them as the log would.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import pytest

from processes.running.messages import Dispatch, Message, Process, Refusal, Unforeseen, Wish
from tests.kit.builders.ids import an_id
from tests.kit.given import NOW, SOMEBODY
from write_model.kernel.message import Command, Envelope, Event

S = TypeVar("S")


def told(event: Event, position: int = 1, at: datetime = NOW, stream: str = "test-stream") -> Envelope[Any]:
    """A fact as the log hands it over."""
    return Envelope(
        event=event,
        event_id=an_id(f"told {type(event).__name__}", position),
        stream=stream,
        version=position,
        position=position,
        recorded_at=at,
        effective_at=at,
        actor=SOMEBODY,
        command_id=an_id("command", position),
        correlation_id=an_id("correlation"),
    )


def refusal(command: Command, code: str, key: str = "test") -> Refusal:
    return Refusal(Dispatch(command, key), code)


def flat(wishes: Sequence[Wish]) -> list[Wish]:
    """All wishes in order, those that wait for an accepted one after it."""
    found: list[Wish] = []
    for wish in wishes:
        found.append(wish)
        if isinstance(wish, Dispatch):
            found += flat(wish.then)
    return found


@dataclass(frozen=True)
class GivenProcess(Generic[S]):
    process: Process[S]
    state: S

    def after(self, *messages: Message) -> "GivenProcess[S]":
        state = self.state
        for message in messages:
            state, _ = self.process.react(state, message)
        return GivenProcess(self.process, state)

    def when(self, message: Message) -> "Reaction[S]":
        state, wishes = self.process.react(self.state, message)
        again = self.process.react(self.state, message)
        assert again == (state, wishes), "a reaction is pure: the same message leads to the same wishes"
        return Reaction(self, state, wishes)

    def unforeseen(self, message: Message) -> None:
        with pytest.raises(Unforeseen):
            self.process.react(self.state, message)


@dataclass(frozen=True)
class Reaction(Generic[S]):
    given: GivenProcess[S]
    state: S
    wishes: Sequence[Wish]

    def then(self, *expected: Wish) -> "Reaction[S]":
        assert list(self.wishes) == list(expected)
        return self

    def nothing(self) -> "Reaction[S]":
        return self.then()

    @property
    def commands(self) -> list[Command]:
        """In the order in which they are sent when nothing is refused."""
        return [wish.command for wish in flat(self.wishes) if isinstance(wish, Dispatch)]

    @property
    def words(self) -> list[str]:
        """The wishes' names: commands by class, effects by kind, timers by name."""
        return [_word(wish) for wish in flat(self.wishes)]


def given_process(process: Process[S], *messages: Message) -> GivenProcess[S]:
    return GivenProcess(process, process.initial).after(*messages)


def _word(wish: Wish) -> str:
    if isinstance(wish, Dispatch):
        return type(wish.command).__name__
    return getattr(wish, "kind", None) or f"wake me: {getattr(wish, 'name', '')}"
