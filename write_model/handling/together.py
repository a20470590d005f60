"""How do many commands of one past come in at the price of few appends? Decided one after the other on states that run
ahead of the log, sealed with keys that are made together, and appended side by side while the next ones are decided.

Each is still a command of its own, with its key and its answer. Whatever does not go the straight way (refused, told
before in other words, overtaken by others) is left to the bus, which asks the log.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from infra.ports import Accepted, Append, Replayed, Verdict
from write_model.handling.attempt import Parts
from write_model.handling.authorise import authorise
from write_model.handling.cache import Known, StateCache
from write_model.handling.places import zone_of
from write_model.handling.recording import encode_answer
from write_model.handling.request import Request
from write_model.handling.route import Route
from write_model.kernel.ids import category
from write_model.kernel.message import Context, Event

AHEAD = 20_000  # states


@dataclass(frozen=True, slots=True)
class Named:
    """A command as the log will know it."""

    request: Request  # with a fingerprint
    command_id: UUID


@dataclass(frozen=True, slots=True)
class _Decided:
    named: Named
    stream: str
    before: Known
    events: Sequence[Event]
    answer: bytes


class Together:
    """For one writer of history: what it has sent is what it decides on next."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._ahead = StateCache(AHEAD)

    async def send(self, commands: Sequence[Named]) -> "asyncio.Task[list[bool | None]]":
        """Decides all of them. What comes back ends when they are stored, and says of each: True, appended now; False,
        it was there before; None, it is the bus's. Raises NewerThanCode, Unavailable.
        """
        now = await self._parts.clock.now()
        decided = await self._decided(commands, now)
        recorder = self._parts.recorder
        await recorder.prepare([event for each in decided.values() for event in each.events])
        appends: dict[int, Append] = {}
        for number, each in decided.items():
            try:
                happened, versions = {each.stream: each.events}, {each.stream: each.before.version}
                named = each.named
                rows = await recorder.rows(named.request, named.command_id, happened, versions, now)
            except Exception:  # the bus says what is wrong with it
                self._ahead.drop(each.stream)
            else:
                appends[number] = Append(named.command_id, named.request.fingerprint, versions, rows, each.answer)
        return asyncio.create_task(self._stored(len(commands), appends))

    async def _decided(self, commands: Sequence[Named], now: datetime) -> Mapping[int, _Decided]:
        routes = [self._parts.registry.commands[type(each.request.command)] for each in commands]
        await self._load(commands, routes)
        found: dict[int, _Decided] = {}
        for number, (named, route) in enumerate(zip(commands, routes, strict=True)):
            if route.room is not None and named.request.expected is None:
                try:
                    one = self._decide(named, route, now)
                except Exception:  # refused, or a bug: the bus decides it on states that are surely the newest
                    one = None
                if one is not None:
                    found[number] = one
        return found

    async def _load(self, commands: Sequence[Named], routes: Sequence[Route]) -> None:
        """What is neither known nor expected to be new is read from the log, all at once."""
        deciders, unknown = self._parts.registry.deciders, dict[str, Known]()
        for named, route in zip(commands, routes, strict=True):
            stream = route.stream(named.request.command)
            if self._ahead.get(stream) is None and route.room is not None:
                start = Known(0, 0, deciders[category(stream)].initial)
                if category(stream) in route.creates:
                    self._ahead.put(stream, start)
                    unknown.pop(stream, None)
                else:
                    unknown[stream] = start
        if unknown:
            for stream, known in (await self._parts.loader.catch_up(unknown)).items():
                self._ahead.put(stream, known)

    def _decide(self, named: Named, route: Route, now: datetime) -> _Decided | None:
        """None: nothing happens. Raises Refused."""
        assert route.room is not None
        command, stream = named.request.command, route.stream(named.request.command)
        before = self._ahead.get(stream)
        if before is None:  # let go of within this batch
            return None
        states = {stream: before.state}
        authorise(named.request, route, states)
        events = route.room.decide(command, before.state, Context(now, zone_of(command, states), named.request.actor))
        if not events:
            return None
        state = self._parts.registry.deciders[category(stream)].fold(before.state, events)
        after = Known(before.version + len(events), before.position, state)
        answer = encode_answer(stream[-36:], after.version, str(route.answer(state)["status"]))
        self._ahead.put(stream, after)
        return _Decided(named, stream, before, events, answer)

    async def _stored(self, count: int, appends: Mapping[int, Append]) -> list[bool | None]:
        appender = self._parts.appender
        verdicts = await asyncio.gather(*map(appender.append, appends.values()), return_exceptions=True)
        told: list[bool | None] = [None] * count
        for (number, append), verdict in zip(appends.items(), verdicts, strict=True):
            told[number] = self._told(append, verdict)
        return told

    def _told(self, append: Append, verdict: Verdict | BaseException) -> bool | None:
        match verdict:
            case Accepted():
                return True
            case Replayed(fingerprint=fingerprint) if fingerprint == append.fingerprint:
                return False
            case _:
                for stream in append.expected:
                    self._ahead.drop(stream)
                return None
