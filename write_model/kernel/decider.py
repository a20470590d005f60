"""An aggregate as three pure functions: where it starts, how facts change it, which facts a wish leads to."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

from write_model.kernel.message import Command, Context, Event

C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Decider(Generic[C, E, S]):
    """One kind of aggregate. Annotate the constant (`CART: Decider[CartCommand, CartEvent, Cart]`)."""

    category: str  # streams are named "<category>-<uuid>"
    initial: S
    evolve: Callable[[S, E], S]  # total: never refuses, so that old streams load for ever
    decide: Callable[[C, S, Context], Sequence[E]]  # raises Refused, or says what happened
    state_version: int = 1  # a snapshot of another version is ignored
    kept: type[S] | None = None  # the state's type, where long streams begin at a snapshot: nothing personal in it

    def fold(self, state: S, events: Iterable[E]) -> S:
        """The state after these events."""
        return reduce(self.evolve, events, state)
