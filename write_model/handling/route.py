"""How does a command find the streams it needs, who decides it, and what is answered?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from write_model.kernel.change import Change
from write_model.kernel.decider import Decider
from write_model.kernel.message import Command, Context, Envelope, Event

States = Mapping[str, object]  # by stream name; a stream that does not exist has its decider's initial state
Seen = Mapping[str, object]
Publish = Callable[[Seen | None, Envelope[Any]], tuple[Seen, Change | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may send a command besides the platform itself."""

    owner: bool = False  # who owns the guarded aggregate
    permission: str | None = None  # staff with this permission
    anyone: bool = False  # also who has not signed in


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Everything that the bus has to know about one command."""

    category: str  # of the stream that is answered
    stream: Callable[[Any], str]  # the stream that is answered
    streams: Callable[[Any, States], set[str]]  # all that it needs; asked again until it names nothing new
    decide: Callable[[Any, States, Context], Mapping[str, Sequence[Event]]]
    answer: Callable[[Any], Mapping[str, object]]
    access: Access
    guard: Callable[[Any], str]  # the stream whose owner may send it
    room: Decider[Any, Any, Any] | None = None  # the one aggregate that decides it alone
    publish: Publish | None = None
    creates: frozenset[str] = frozenset()  # categories whose streams are expected not to exist yet
    reads: frozenset[str] = frozenset()  # categories that are never written by it: no queueing for them
    loose: frozenset[str] = frozenset()  # categories whose version may have moved when it is stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What may be waited for: an aggregate that others bring to its end."""

    category: str
    is_open: Callable[[Any], bool]  # its fate is not known yet, and nobody waits for its customer
    answer: Callable[[Any], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Registry:
    """The whole write model, as the bus sees it."""

    deciders: Mapping[str, Decider[Any, Any, Any]]  # by category
    commands: Mapping[type[Command], Route]
    settling: Settling


def room_route(
    room: Decider[Any, Any, Any],
    stream: Callable[[Any], str],
    answer: Callable[[Any], Mapping[str, object]],
    access: Access,
    *,
    publish: Publish | None = None,
    creates: bool = False,
) -> Route:
    """A command that one aggregate decides alone."""

    def streams(command: Any, states: States) -> set[str]:
        return {stream(command)}

    def decide(command: Any, states: States, context: Context) -> Mapping[str, Sequence[Event]]:
        name = stream(command)
        return {name: room.decide(command, states[name], context)}

    return Route(
        category=room.category,
        stream=stream,
        streams=streams,
        decide=decide,
        answer=answer,
        access=access,
        guard=stream,
        room=room,
        publish=publish,
        creates=frozenset({room.category}) if creates else frozenset(),
    )
