"""given(decider, *facts).at(moment).when(wish).then(*facts), or .nothing(), or .refused(why, **details).

`given_many` says the same of a wish that reads several streams. A refusal is compared with its details, and it proves
that nothing was appended: a decision either returns facts or raises, and what it was handed stands as before.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

import pytest

from write_model.kernel.decider import Decider
from write_model.kernel.ids import category
from write_model.kernel.message import Actor, Command, Context, Event
from write_model.kernel.refused import Refused

C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)
S = TypeVar("S")

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
GUAYAQUIL: tzinfo = ZoneInfo("America/Guayaquil")  # its days end five hours after those in UTC
SOMEBODY = Actor("customer", "test")


def context(now: datetime = NOW) -> Context:
    """The world as decisions see it: that moment, in Guayaquil."""
    return Context(now=now, zone=GUAYAQUIL, actor=SOMEBODY)


@dataclass(frozen=True)
class Given(Generic[C, E, S]):
    decider: Decider[C, E, S]
    facts: Sequence[E]
    now: datetime = NOW

    def at(self, moment: datetime) -> "Given[C, E, S]":
        return replace(self, now=moment)

    def when(self, wish: C) -> "Outcome[C, E, S]":
        return Outcome(self, wish)

    @property
    def state(self) -> S:
        return self.decider.fold(self.decider.initial, self.facts)


@dataclass(frozen=True)
class Outcome(Generic[C, E, S]):
    given: Given[C, E, S]
    wish: C

    def then(self, *expected: E) -> None:
        assert self.facts() == list(expected)

    def nothing(self) -> None:
        self.then()

    def refused(self, why: type[Refused], **details: object) -> None:
        state = self.given.state
        before = deepcopy(state)
        with pytest.raises(why) as refusal:
            self.given.decider.decide(self.wish, state, context(self.given.now))
        assert type(refusal.value) is why
        assert refusal.value.details == details
        assert state == before

    def facts(self) -> list[E]:
        return list(self.given.decider.decide(self.wish, self.given.state, context(self.given.now)))

    @property
    def state(self) -> S:
        """The state after the wish was granted."""
        return self.given.decider.fold(self.given.state, self.facts())


def given(decider: Decider[C, E, S], *facts: E) -> Given[C, E, S]:
    return Given(decider, facts)


StreamsOf = Callable[[Any, Mapping[str, object]], set[str]]
DecideMany = Callable[[Any, Mapping[str, object], Context], Mapping[str, Sequence[Event]]]


@dataclass(frozen=True)
class Room:
    """A decision over several streams, with the deciders that fold them."""

    streams: StreamsOf
    decide: DecideMany
    deciders: Sequence[Decider[Any, Any, Any]]

    def load(self, wish: Command, facts: Mapping[str, Sequence[Event]]) -> dict[str, object]:
        """As the bus does it: asked again until nothing new is named."""
        states: dict[str, object] = {}
        while missing := self.streams(wish, states) - set(states):
            for name in sorted(missing):
                decider = self.decider(name)
                states[name] = decider.fold(decider.initial, facts.get(name, ()))
        return states

    def decider(self, name: str) -> Decider[Any, Any, Any]:
        return next(decider for decider in self.deciders if decider.category == category(name))


@dataclass(frozen=True)
class GivenMany:
    room: Room
    facts: Mapping[str, Sequence[Event]]
    now: datetime = NOW

    def at(self, moment: datetime) -> "GivenMany":
        return replace(self, now=moment)

    def and_then(self, more: Mapping[str, Sequence[Event]]) -> "GivenMany":
        """With these facts after the others, stream by stream."""
        names = [*self.facts, *(name for name in more if name not in self.facts)]
        return replace(self, facts={name: [*self.facts.get(name, ()), *more.get(name, ())] for name in names})

    def when(self, wish: Command) -> "OutcomeMany":
        return OutcomeMany(self, wish)


@dataclass(frozen=True)
class OutcomeMany:
    given: GivenMany
    wish: Command

    def then(self, expected: Mapping[str, Sequence[Event]]) -> None:
        assert self.facts() == {name: list(facts) for name, facts in expected.items()}

    def nothing(self) -> None:
        self.then({})

    def refused(self, why: type[Refused], **details: object) -> None:
        states = self.given.room.load(self.wish, self.given.facts)
        before = deepcopy(states)
        with pytest.raises(why) as refusal:
            self.given.room.decide(self.wish, states, context(self.given.now))
        assert type(refusal.value) is why
        assert refusal.value.details == details
        assert states == before

    def facts(self) -> dict[str, list[Event]]:
        """What happens, by stream; streams to which nothing happens are left out."""
        states = self.given.room.load(self.wish, self.given.facts)
        happened = self.given.room.decide(self.wish, states, context(self.given.now))
        assert set(happened) <= set(states), "only loaded streams may change: their versions are expected"
        return {name: list(facts) for name, facts in happened.items() if facts}

    def granted(self) -> GivenMany:
        """The world after it."""
        return self.given.and_then(self.facts())


def given_many(room: Room, facts: Mapping[str, Sequence[Event]] | None = None) -> GivenMany:
    return GivenMany(room, facts or {})
