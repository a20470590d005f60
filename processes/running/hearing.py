"""What comes of the messages of one key? Each is heard, its commands are sent, and the rest is gathered to be kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar
from uuid import UUID

from infra.observability.logs import logger
from infra.ports import NewEffect, ProcessRow, Timer
from processes.running import states
from processes.running.messages import Dispatch, Message, Perform, Process, Refusal, TimeCame, Unforeseen, WakeMe, Wish
from processes.running.sending import FOR_A_MOMENT, Patience, send
from write_model.handling.bus import Bus, NewerThanCode
from write_model.kernel.ids import PLATFORM, derived
from write_model.kernel.refused import Refused

S = TypeVar("S")
_LET_GO = "let go"
DEEPEST = 12  # answers to answers, within one message


@dataclass(frozen=True, slots=True)
class Heard:
    """A message, with the id that its commands' ids come from."""

    message: Message
    cause: UUID
    event_id: UUID | None
    correlation: UUID | None
    position: int  # of the event; of a timer: the first one that has not been heard


@dataclass(slots=True)
class Gathered:
    """What is to be kept of one key."""

    row: ProcessRow
    timers: list[Timer] = field(default_factory=list)
    effects: list[NewEffect] = field(default_factory=list)
    rung: list[Timer] = field(default_factory=list)


def cause_of_alarm(process: str, alarm: TimeCame) -> UUID:
    """The same alarm always leads to the same commands."""
    return derived(PLATFORM, "timer", process, alarm.key, alarm.name, alarm.at.isoformat())


class Ear(Generic[S]):
    """Hears for one process. It holds nothing: what it gathers counts once it is saved."""

    def __init__(self, process: Process[S], bus: Bus) -> None:
        self._process = process
        self._bus = bus

    async def hear(self, key: str, row: ProcessRow | None, messages: Sequence[Heard]) -> Gathered | None:
        """In order; None: there is nothing to keep. A message that can't be handled parks the key, and it and those
        behind it wait for an operator.

        Raises NewerThanCode: this program is too old to go on.
        """
        begun = row or ProcessRow(key, 0, states.encode(self._process, None, self._process.initial))
        kept = Gathered(begun)
        for heard in messages:
            part = Gathered(kept.row)
            try:
                await self._one(part, heard)
            except NewerThanCode:
                raise
            except Exception as error:
                logger().exception("key parked", process=self._process.name, key=key, position=heard.position)
                kept.row = replace(kept.row, parked_at=heard.position, last_error=_told(error))
                break
            kept.row = part.row
            kept.timers += part.timers
            kept.effects += part.effects
            kept.rung += part.rung
        if row is not None and kept == Gathered(begun) and not _was_let_go(row):
            return None
        if kept.row.parked_at is None:
            kept.row = replace(kept.row, last_error=None)
        kept.row = replace(kept.row, version=kept.row.version + 1)
        return kept

    async def _one(self, part: Gathered, heard: Heard) -> None:
        correlation, state = states.decode(self._process, part.row.state)
        correlation = correlation or heard.correlation
        state = await self._answer(part, state, heard, heard.message, correlation, 0)
        part.row = replace(part.row, state=states.encode(self._process, correlation, state))
        if isinstance(heard.message, TimeCame):
            alarm = heard.message
            part.rung.append(Timer(self._process.name, alarm.key, alarm.name, alarm.at))

    async def _answer(
        self, part: Gathered, state: S, heard: Heard, message: Message, correlation: UUID | None, depth: int
    ) -> S:
        if depth > DEEPEST:
            raise Unforeseen("refusals without end")
        state, wishes = self._process.react(state, message)
        return await self._fulfil(part, state, wishes, heard, correlation, depth)

    async def _fulfil(
        self, part: Gathered, state: S, wishes: Sequence[Wish], heard: Heard, correlation: UUID | None, depth: int
    ) -> S:
        for wish in wishes:
            match wish:
                case WakeMe():
                    part.timers.append(Timer(self._process.name, part.row.key, wish.name, wish.at))
                    part.row = replace(part.row, deadline=wish.at)
                case Perform():
                    part.effects.append(self._effect(part.row.key, wish, heard, correlation))
                case Dispatch():
                    code = await self._refused(wish, heard, correlation)
                    if code is None:
                        state = await self._fulfil(part, state, wish.then, heard, correlation, depth)
                    else:
                        state = await self._answer(part, state, heard, Refusal(wish, code), correlation, depth + 1)
        return state

    async def _refused(self, wish: Dispatch, heard: Heard, correlation: UUID | None) -> str | None:
        """The refusal's code, or None. What works later is tried until it works."""
        patience = Patience()
        key = f"{heard.cause}/{wish.key}"
        while True:
            try:
                await send(
                    self._bus,
                    self._process.name,
                    wish.command,
                    key,
                    causation=heard.event_id,
                    correlation=correlation,
                )
            except Refused as refusal:
                return refusal.code
            except FOR_A_MOMENT as error:
                logger().warning("command waits", process=self._process.name, why=type(error).__name__)
                await patience.wait()
            else:
                return None

    def _effect(self, key: str, wish: Perform, heard: Heard, correlation: UUID | None) -> NewEffect:
        name = self._process.name
        why = states.Because(heard.event_id, correlation)
        facts = states.payload({**wish.payload, "because": why})
        return NewEffect(derived(heard.cause, name, wish.kind, wish.key), name, key, wish.kind, wish.key, facts)


def let_go(row: ProcessRow) -> ProcessRow:
    """The row of a parked key that is taken up again: it is kept also when nothing comes of it."""
    return replace(row, parked_at=None, last_error=_LET_GO)


def _was_let_go(row: ProcessRow) -> bool:
    return row.last_error == _LET_GO


def _told(error: Exception) -> str:
    """Why, without what may be personal: the kind of error, and the words of our own."""
    return f"{type(error).__name__}: {error}" if isinstance(error, Unforeseen) else type(error).__name__
