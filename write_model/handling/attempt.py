"""How is one command brought to its answer? In its turn, decided as often as others change what it decides on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from infra.ports import Accepted, Append, Appender, Conflict, LogReader, Replayed, Unavailable, Unknown
from infra.ports import Busy as QueueFull
from write_model.handling.authorise import authorise
from write_model.handling.cache import Known
from write_model.handling.coding import Decoder
from write_model.handling.failures import KeyReused, LogBusy, OutcomeUnknown, VersionDiffers
from write_model.handling.loading import NONE, Loaded, Loader
from write_model.handling.missed import missed_changes
from write_model.handling.places import zone_of
from write_model.handling.queues import Queues
from write_model.handling.recording import Recorder, decode_answer, encode_answer
from write_model.handling.request import Answer, Request
from write_model.handling.route import Registry, Route
from write_model.handling.waiting import Deadline, backoff, now, pause
from write_model.kernel.clock import Clock
from write_model.kernel.ids import category
from write_model.kernel.ids import stream as stream_name
from write_model.kernel.message import Context, Event
from write_model.kernel.refused import Refused

PATIENCE = 3.0  # seconds: for others who change the same aggregates, and, from when it was sent, for an unknown outcome
AT_ONCE = 2  # conflicts after which it is decided again without a pause
ASK_AGAIN, MOMENT = 0.05, 0.001  # seconds

Happened = Mapping[str, Sequence[Event]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What handling needs of the world."""

    registry: Registry
    appender: Appender
    reader: LogReader
    loader: Loader
    recorder: Recorder
    decoder: Decoder
    queues: Queues
    clock: Clock
    chance: Callable[[], float]  # evenly between 0 and 1


class Handling:
    """One command under way."""

    __slots__ = (
        "_ahead",
        "_body",
        "_command_id",
        "_fingerprint",
        "_held",
        "_keyed",
        "_now",
        "_parts",
        "_request",
        "_route",
        "_stream",
    )

    def __init__(self, parts: Parts, request: Request, route: Route, command_id: UUID, fingerprint: bytes) -> None:
        self._parts = parts
        self._request = request
        self._route = route
        self._command_id = command_id
        self._fingerprint = fingerprint
        self._keyed = request.key is not None
        self._stream = route.stream(request.command)  # the one that is answered
        self._held: frozenset[str] = frozenset()
        self._ahead: dict[str, Known] = {}  # the written streams, as they are once it is stored
        self._body: Mapping[str, object] = {}  # of the answer then

    async def run(self) -> Answer:
        """Raises Refused, NotNow, NewerThanCode, Unavailable."""
        try:
            return await self._decided_and_stored()
        finally:
            self._parts.queues.give(self._held)

    async def preview(self) -> Answer:
        """What it would be answered, by what is known here; nothing is stored. Raises Refused."""
        loaded = await self._parts.loader.load(self._route, self._request.command, self._stream, fresh=False)
        happened = await self._decide(loaded)
        known = self._after(loaded.known[self._stream], self._stream, happened.get(self._stream, ()))
        position = await self._parts.reader.head()
        return answer_of(self._route.answer, self._stream, known, position, replayed=False)

    async def _decided_and_stored(self) -> Answer:
        conflicts = 0
        deadline: Deadline | None = None
        loaded = await self._in_turn(fresh=False)
        while True:
            try:
                happened = await self._decide(loaded)
                append = await self._record(loaded, happened) if happened else None
            except Refused:
                if loaded.read:
                    repeated = await self._repeated()
                    if repeated is None:
                        raise
                    return repeated
                append = None
            if append is None:
                if loaded.read:
                    return await self._repeated() or self._unchanged(loaded)
                loaded = await self._in_turn(fresh=True)
                continue
            outcome = Deadline(PATIENCE)
            match await self._append(append):
                case Accepted(position):
                    return self._accepted(loaded, happened, position)
                case Replayed() as before:
                    return await self._replay(before)
                case Unknown():
                    return await self._ask(append, outcome)
                case Conflict(heads):
                    deadline = deadline or Deadline(PATIENCE)
                    sure = await self._lost(loaded, heads, conflicts, deadline)
                    conflicts += 1
                    loaded = await self._in_turn(fresh=True, sure=sure)

    async def _in_turn(self, *, fresh: bool, sure: Mapping[str, Known] = NONE) -> Loaded:
        """The states, once it is this command's turn on every stream that it may write."""
        parts = self._parts
        while True:
            loaded = await parts.loader.load(self._route, self._request.command, self._stream, fresh=fresh, sure=sure)
            wanted = self._contended(loaded)
            if wanted <= self._held:
                return loaded
            if not self._held and parts.queues.try_take(wanted):
                self._held = wanted
                return loaded
            parts.queues.give(self._held)
            self._held = frozenset()
            await parts.queues.take(wanted)
            self._held = wanted
            sure = NONE

    def _contended(self, loaded: Loaded) -> frozenset[str]:
        alone = self._route.reads | self._route.loose
        if not alone:
            return frozenset(loaded.known)
        return frozenset(stream for stream in loaded.known if category(stream) not in alone)

    async def _decide(self, loaded: Loaded) -> Happened:
        """What happens, by stream; empty: nothing. Raises Refused."""
        request, route = self._request, self._route
        authorise(request, route, loaded.states)
        if request.expected is not None:
            await self._check_version(loaded, request.expected)
        moment = self._now = await self._parts.clock.now()
        context = Context(moment, zone_of(request.command, loaded.states), request.actor)
        if route.room is not None:
            events = route.room.decide(request.command, loaded.states[self._stream], context)
            return {self._stream: events} if events else {}
        happened = route.decide(request.command, loaded.states, context)
        return {stream: events for stream, events in happened.items() if events}

    async def _check_version(self, loaded: Loaded, expected: int) -> None:
        stream = self._route.guard(self._request.command)
        version = loaded.known[stream].version
        if version == expected:
            return
        missed: list[dict[str, object]] = []
        if loaded.read:
            parts = self._parts
            missed = await missed_changes(self._request, self._route, stream, expected, parts.reader, parts.decoder)
        raise VersionDiffers(currentVersion=version, missed=missed)

    async def _record(self, loaded: Loaded, happened: Happened) -> Append:
        versions = {stream: known.version for stream, known in loaded.known.items()}
        rows = await self._parts.recorder.rows(self._request, self._command_id, happened, versions, self._now)
        loose = self._route.loose
        expected = (
            {stream: version for stream, version in versions.items() if category(stream) not in loose}
            if loose
            else versions
        )
        self._ahead = {name: self._after(loaded.known[name], name, events) for name, events in happened.items()}
        after = self._ahead.get(self._stream, loaded.known[self._stream])
        self._body = self._route.answer(after.state)
        answer = encode_answer(self._stream[-36:], after.version, str(self._body["status"]))
        return Append(self._command_id, self._fingerprint, expected, rows, answer)

    async def _append(self, append: Append) -> Accepted | Replayed | Conflict | Unknown:
        began = now()
        try:
            verdict = await self._parts.appender.append(append)
        except QueueFull as busy:
            raise LogBusy(busy.retry_after) from None
        self._parts.queues.took(now() - began)
        return verdict

    def _accepted(self, loaded: Loaded, happened: Happened, position: int) -> Answer:
        last = position - sum(map(len, happened.values()))
        for stream, events in happened.items():
            last += len(events)
            ahead = self._ahead[stream]
            self._parts.loader.remember(stream, Known(ahead.version, last, ahead.state))
        version = self._ahead.get(self._stream, loaded.known[self._stream]).version
        return Answer(
            version=version,
            position=position,
            status=str(self._body["status"]),
            replayed=False,
            body=self._body,
            stream=self._stream,
        )

    def _after(self, known: Known, stream: str, events: Sequence[Event]) -> Known:
        """The stream once these events are stored; its position is not known yet."""
        state = self._parts.registry.deciders[category(stream)].fold(known.state, events)
        return Known(known.version + len(events), known.position, state)

    def _unchanged(self, loaded: Loaded) -> Answer:
        """It is as the command wishes already: nothing is stored, and a repeat finds the same."""
        position = max(known.position for known in loaded.known.values())
        return answer_of(self._route.answer, self._stream, loaded.known[self._stream], position, replayed=False)

    async def _repeated(self) -> Answer | None:
        """What the same command was answered before, if it was accepted."""
        before = await self._parts.reader.answer(self._command_id) if self._keyed else None
        return None if before is None else await self._replay(before)

    async def _replay(self, before: Replayed, *, replayed: bool = True) -> Answer:
        if before.fingerprint != self._fingerprint:
            raise KeyReused
        kept = decode_answer(before.answer)
        stream = stream_name(self._route.category, kept.id)
        known = await self._parts.loader.at_version(stream, kept.version)
        return answer_of(self._route.answer, stream, known, before.position, replayed=replayed)

    async def _lost(
        self, loaded: Loaded, heads: Mapping[str, int], conflicts: int, deadline: Deadline
    ) -> Mapping[str, Known]:
        """Others were first: the states that are sure now. Raises LogBusy when that goes on for too long.

        The verdict has confirmed whatever was expected and has not moved; the rest is read. From the third time on
        it is only tried again once the moved streams have fallen quiet, or after a while with jitter.
        """
        parts, loose = self._parts, self._route.loose
        if deadline.passed:
            raise LogBusy(retry_after=1.0)
        for stream, version in heads.items():
            if version < loaded.known[stream].version:
                parts.loader.drop(stream)  # remembered of a log that is not this one
        parts.queues.lost(heads)
        moved = await parts.loader.newest(heads)
        if conflicts >= AT_ONCE:
            watched = Deadline(backoff(conflicts - AT_ONCE, parts.chance))
            quiet = False
            while not quiet and not watched.passed:
                await pause(max(parts.queues.append_time / 2, MOMENT))
                before, moved = moved, await parts.loader.newest(heads)
                quiet = all(moved[stream].version == before[stream].version for stream in heads)
        confirmed = {
            stream: known
            for stream, known in loaded.known.items()
            if stream not in heads and category(stream) not in loose
        }
        return {**confirmed, **moved}

    async def _ask(self, append: Append, deadline: Deadline) -> Answer:
        """Was it stored? The log says so sooner or later: it is asked once, and until then. Raises OutcomeUnknown."""
        for row in append.events:
            self._parts.loader.drop(row.stream)
        while True:
            try:
                before = await self._parts.reader.answer(self._command_id)
            except Unavailable:
                before = None
            if before is not None:
                return await self._replay(before, replayed=False)
            if deadline.passed:
                raise OutcomeUnknown(retry_after=1.0)
            await pause(ASK_AGAIN)


def answer_of(
    answer: Callable[[object], Mapping[str, object]], stream: str, known: Known, position: int, *, replayed: bool
) -> Answer:
    """The answer about an aggregate in this state."""
    body = answer(known.state)
    return Answer(
        version=known.version,
        position=position,
        status=str(body["status"]),
        replayed=replayed,
        body=body,
        stream=stream,
    )
