"""The smallest room there is: something counted, up to a limit. To try the bus with, whatever the shop does."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from infra.ports import Schema
from write_model.handling.route import Access, Registry, Route, Settling, room_route
from write_model.kernel.change import PUBLIC, STAFF, Change
from write_model.kernel.decider import Decider
from write_model.kernel.ids import stream
from write_model.kernel.message import Command, Context, Envelope, Event
from write_model.kernel.personal import Personal
from write_model.kernel.refused import Kind, Refused

LIMIT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Command):
    tally_id: UUID
    by: int = 1
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Command):
    tally_id: UUID
    customer_id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Command):
    """From one tally to another, at once."""

    source: UUID
    target: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Event):
    tally_id: UUID
    by: int
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Event):
    tally_id: UUID
    customer_id: UUID
    name: Personal[str]


class Full(Refused):
    code = "tally.full"


class Nothing(Refused):
    code = "tally.nothing"
    kind = Kind.INVALID


@dataclass(frozen=True, slots=True)
class Tally:
    count: int = 0
    name: str | None = None
    customer_id: UUID | None = None


def evolve(tally: Tally, event: Event) -> Tally:
    match event:
        case Counted(by=by):
            return Tally(tally.count + by, tally.name, tally.customer_id)
        case Named(name=name, customer_id=customer_id):
            return Tally(tally.count, name, customer_id)
        case _:
            raise AssertionError(event)


def decide(command: Command, tally: Tally, context: Context) -> Sequence[Event]:
    match command:
        case Count(tally_id=tally_id, by=by, word=word):
            if by < 0:
                raise Nothing
            if tally.count + by > LIMIT:
                raise Full(count=tally.count)
            return [Counted(tally_id=tally_id, by=1, word=word) for _ in range(by)]
        case Name(tally_id=tally_id, customer_id=customer_id, name=name):
            return [Named(tally_id=tally_id, customer_id=customer_id, name=name)]
        case _:
            raise AssertionError(command)


def answer(tally: Tally) -> dict[str, object]:
    return {"status": "FULL" if tally.count == LIMIT else "OPEN", "count": tally.count}


def publish(seen: object, envelope: Envelope[Event]) -> tuple[dict[str, object], Change | None]:
    event = envelope.event
    audience = PUBLIC if isinstance(event, Counted) else STAFF
    what = {"what": type(event).__name__}
    return {}, Change(type="tally:changed", channel="tally", audience=audience, payload=what)


TALLY: Decider[Command, Event, Tally] = Decider("tally", Tally(), evolve, decide)


def name_of(identity: UUID) -> str:
    return stream("tally", identity)


def move(command: Move, states: dict[str, Tally], context: Context) -> dict[str, Sequence[Event]]:
    source, target = states[name_of(command.source)], states[name_of(command.target)]
    if source.count == 0:
        raise Nothing
    if target.count == LIMIT:
        raise Full(count=target.count)
    return {
        name_of(command.source): [Counted(tally_id=command.source, by=-1, word="out")],
        name_of(command.target): [Counted(tally_id=command.target, by=1, word="in")],
    }


ANYONE = Access(anyone=True)
REGISTRY = Registry(
    {"tally": TALLY},
    {
        Count: room_route(TALLY, lambda command: name_of(command.tally_id), answer, ANYONE, publish=publish),
        Name: room_route(TALLY, lambda command: name_of(command.tally_id), answer, ANYONE, publish=publish),
        Move: Route(
            category="tally",
            stream=lambda command: name_of(command.target),
            streams=lambda command, states: {name_of(command.source), name_of(command.target)},
            decide=move,  # type: ignore[arg-type]  # narrower states
            answer=answer,
            access=ANYONE,
            guard=lambda command: name_of(command.target),
        ),
    },
    Settling(category="tally", is_open=lambda tally: tally.count < LIMIT, answer=answer),
)
EVENTS = (
    Schema("tally.counted", 1, Counted),
    Schema("tally.named", 1, Named, "customer_id", ("name",)),
)
