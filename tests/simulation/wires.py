"""What lies between a program and its stores: each call takes its way, may fail, and may be done without being heard.

A call itself is done in one turn of the loop, as if by a server: a program that is killed or frozen can't hold it up.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from infra.event_log.admission import admitted
from infra.memory.clock import START
from infra.memory.log import MemoryLog
from infra.ports import (
    Accepted,
    Append,
    Conflict,
    Fenced,
    Replayed,
    Stored,
    Unavailable,
    Unknown,
    Verdict,
)
from tests.simulation.chances import Chance, Record
from tests.simulation.loop import Program, outside, passing

LATE = 6.0  # seconds: later than any patience
OUTSIDE = 6.0  # times: calls to the outside are few, half of them may fail at the highest rate
KEEPING = 4.0  # times: what a process or a copier keeps is little beside all that is read
SLOWER = {"put_newer": 6.0}  # times: copies are made beside all else, and come late and in another order
BEFORE, AFTER, DONE_LATER = "before", "after", "later"


class ConnectionLost(Exception):
    """No answer: whether it was done is not known to who asked."""


class WholeSeconds:
    """The provider's clock: its times have no fractions."""

    async def now(self) -> datetime:
        return START + timedelta(seconds=int(asyncio.get_running_loop().time()))


class SimulatedClock:
    """The virtual time, as one program's clock shows it. The stores' own clock has no skew."""

    def __init__(self, skew: float = 0.0) -> None:
        self._start = START + timedelta(seconds=skew)

    async def now(self) -> datetime:
        return self._start + timedelta(seconds=asyncio.get_running_loop().time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SimulatedLog(MemoryLog):
    """The log's twin, whose commands are stored in one turn. `waiting`: who waits for the next position."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[asyncio.Future[None]] = []

    def store(self, command: Append) -> Verdict:
        """Raises NotAppendable."""
        now = START + timedelta(seconds=asyncio.get_running_loop().time())
        verdict = self._decided(admitted(command), now)
        if isinstance(verdict, Accepted):
            waiting, self.waiting = self.waiting, []
            for each in waiting:
                if not each.done():
                    each.set_result(None)
        return verdict


def at_once(call: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        call.send(None)
    except StopIteration as done:
        return done.value
    call.close()
    raise AssertionError(f"{call} waits: it can't be done in one turn")


class Way:
    """How long calls of a program are under way, and what happens to them there."""

    def __init__(self, record: Record, chance: Chance, program: Program) -> None:
        self.record = record
        self.chance = chance
        self.program = program

    async def go(self, times: float = 1.0) -> None:
        """`times`: how much likelier than other calls this one is to take its time."""
        if self.record.closed:
            raise asyncio.CancelledError
        slow = self.record.rate("slow") * times
        if slow and self.chance.hits(slow):
            self.record.injected["slow"] += 1
            await asyncio.sleep(self.chance.pick((0.001, 0.02, 0.5, 2.0)))
        else:
            await asyncio.sleep(0)
        if self.record.closed:
            raise asyncio.CancelledError

    async def come_back(self) -> None:
        """An answer takes its way as well; every second one is there at once."""
        if self.chance.one() < 0.5 or self.record.closed:
            await self.go()

    async def passing(self, point: str, what: str = "") -> None:
        """See `loop.passing`."""
        if self.program.trap is not None:
            await passing(self.program, point, what)

    def told(self, what: str) -> None:
        self.record.trace.append(f"{self.program.name} {what}")


class Wire:
    """Any port whose calls may raise Unavailable, before or after they were done."""

    def __init__(self, name: str, target: Any, way: Way, fault: str = "store", calls: Collection[str] = ()) -> None:
        self._name = name
        self._target = target
        self._way = way
        self._fault = fault
        self._calls = calls  # that may fail; none named: all

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        method = getattr(self._target, operation)
        label = f"{self._name}.{operation}"
        done = f"{label} done"
        slower = SLOWER.get(operation, 1.0)
        may_fail = not self._calls or operation in self._calls

        async def call(*args: Any, **kwargs: Any) -> Any:
            way = self._way
            await way.go(slower)
            what = _what(operation, args)
            await way.passing(label, what)
            failing = self._failing(label, KEEPING if what else 1.0) if may_fail else None
            if failing == BEFORE:
                raise Unavailable(label)
            try:
                result = at_once(method(*args, **kwargs))
            except Fenced:
                way.record.seen["fenced write"] += operation != "take"
                way.told(f"{label} fenced")
                raise
            way.told(label)
            await way.passing(done, what)
            await way.come_back()
            if failing == AFTER:
                raise Unavailable(label)
            return result

        self.__dict__[operation] = call
        return call

    def _failing(self, label: str, times: float = 1.0) -> str | None:
        way = self._way
        if not way.chance.hits(way.record.rate(self._fault) * times):
            return None
        failing = way.chance.pick((BEFORE, AFTER))
        way.record.inject(self._fault, f"{way.program.name} {label} {failing}")
        return failing


def _what(operation: str, args: Sequence[Any]) -> str:
    """Whose view or process a call is about. A process that keeps its position and nothing else is nobody's."""
    if operation == "put_newer" or (operation == "save" and any(args[3:])):
        return str(args[0])
    return ""


class LogWire:
    """Appender and LogReader."""

    def __init__(self, log: SimulatedLog, way: Way) -> None:
        self._log = log
        self._way = way
        self._lost: set[UUID] = set()  # commands whose outcome was not told
        self._conflicted: set[UUID] = set()  # commands that others were ahead of

    async def append(self, command: Append) -> Verdict:
        way = self._way
        await way.go()
        what = command.events[0].type
        await way.passing("log.append", what)
        if way.chance.hits(way.record.rate("store")):
            way.record.inject("store", "append refused")
            raise Unavailable("append")
        lost = way.chance.hits(way.record.rate("append"))
        how = way.chance.pick((BEFORE, AFTER, AFTER, DONE_LATER)) if lost else None
        if how is not None:
            way.record.inject("append", f"{way.program.name} {how}")
            self._lost.add(command.command_id)
        if how == DONE_LATER:
            after = way.chance.between(0.0, LATE)
            asyncio.get_running_loop().create_task(self._later(command, after), context=outside())
        verdict = self._store(command) if how in (None, AFTER) else None
        await way.passing("log.append done", what)
        await way.come_back()
        return Unknown("lost") if verdict is None or how is not None else verdict

    async def _later(self, command: Append, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not self._way.record.closed:
            self._store(command)

    def _store(self, command: Append) -> Verdict:
        verdict = self._log.store(command)
        types = ",".join(event.type for event in command.events)
        self._way.told(f"append {type(verdict).__name__} {types}")
        self._way.record.seen["conflict"] += isinstance(verdict, Conflict)
        self._way.record.seen["conflict decided again"] += (
            isinstance(verdict, Accepted) and command.command_id in self._conflicted
        )
        if isinstance(verdict, Conflict):
            self._conflicted.add(command.command_id)
        self._way.record.seen["append replayed"] += isinstance(verdict, Replayed)
        return verdict

    async def head(self) -> int:
        return int(await self._read("head", self._log.head()))

    async def read(self, after: int, limit: int, types: Collection[str] = ()) -> Sequence[Stored]:
        rows: Sequence[Stored] = await self._read("read", self._log.read(after, limit, types))
        return rows

    async def stream(self, name: str, after_version: int = 0, up_to: int | None = None) -> Sequence[Stored]:
        rows: Sequence[Stored] = await self._read("stream", self._log.stream(name, after_version, up_to))
        return rows

    async def streams(self, after_versions: Mapping[str, int]) -> Sequence[Stored]:
        rows: Sequence[Stored] = await self._read("streams", self._log.streams(after_versions))
        return rows

    async def answer(self, command_id: UUID) -> Replayed | None:
        found: Replayed | None = await self._read("answer", self._log.answer(command_id))
        self._way.record.seen["unknown resolved by asking"] += found is not None and command_id in self._lost
        return found

    async def wait(self, after: int, seconds: float) -> int:
        """What is told may be lost: then it is heard when the time is over."""
        await self._way.go()
        log = self._log
        if at_once(log.head()) <= after and seconds > 0:
            told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            log.waiting.append(told)
            try:
                async with asyncio.timeout(seconds):
                    await told
            except TimeoutError:
                log.waiting = [each for each in log.waiting if each is not told]
        return int(await self._read("head", log.head()))

    async def _read(self, what: str, call: Coroutine[Any, Any, Any]) -> Any:
        way = self._way
        try:
            await way.go()
            await way.passing(f"log.{what}")
            if way.chance.hits(way.record.rate("store")):
                way.record.inject("store", f"{way.program.name} log.{what}")
                raise Unavailable(what)
            result = at_once(call)
            await way.passing(f"log.{what} done")
        finally:
            call.close()
        await way.come_back()
        return result
