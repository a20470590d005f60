"""The stores and the outside world that all programs of a seed share, and the means to start, freeze and kill them."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from infra.codec.json_codec import Codec
from infra.event_log.chain import event_digest
from infra.memory.ids import SeededIds
from infra.memory.keys import MemoryKeys
from infra.memory.mail import MemoryMailer
from infra.memory.provider import MemoryProvider
from infra.memory.work import MemoryWork
from infra.ports import Keys, LogReader, ViewStore
from projections.main import ALL
from projections.running.projection import MONGO, SQL
from projections.running.reading import Readers
from tests.simulation.chances import Chance, Record
from tests.simulation.loop import PROGRAM, Program, SeededLoop, outside, passing, start
from tests.simulation.parties import OutsideWire, Wakes
from tests.simulation.plan import Plan
from tests.simulation.stores import KeyValueWire, SimulatedKeyValues, SimulatedLeases, SimulatedViews, ViewWire
from tests.simulation.webhooks import Post
from tests.simulation.wires import (
    ConnectionLost,
    LogWire,
    SimulatedClock,
    SimulatedLog,
    Way,
    WholeSeconds,
    Wire,
)
from write_model.handling.bus import Answer, Bus, Request, build_bus
from write_model.handling.coding import Decode
from write_model.handling.registry import EVENTS, REGISTRY, UPCASTS, decoder

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, Any]]
PEPPER = b"pepper of the simulation"


@dataclass(eq=False, slots=True)
class Running:
    """A program that runs: of which kind, and who waits for its answers."""

    kind: str
    program: Program
    asked: list[asyncio.Future[Any]] = field(default_factory=list)
    bus: Bus | None = None
    readers: Readers | None = None
    connect: Callable[[Any, str], None] | None = None
    lines: list[Any] = field(default_factory=list)
    task: asyncio.Task[Any] | None = None


Watch = Callable[["World", Running], Callable[[str, str], bool]]  # who is told of what a program passes


class World:
    def __init__(self, plan: Plan, loop: SeededLoop, watch: Watch | None = None) -> None:
        self.plan = plan
        self.loop = loop
        self.record = Record(plan)
        self.running: list[Running] = []
        self.gone: list[Running] = []
        self._numbers: dict[str, int] = {}
        clock = SimulatedClock()
        self.clock = clock
        self.log = SimulatedLog()
        self.ids = SeededIds(plan.seed)
        self.keys = MemoryKeys(self.chance("keys").bytes)
        self.work = MemoryWork(clock)
        self.leases = SimulatedLeases(clock)
        self.mailer = MemoryMailer()
        self.post = Post(self.record, self.chance("post"), self.ask_any)
        self.provider = MemoryProvider(WholeSeconds(), tell=self.post.told)
        self.post.provider = self.provider
        self.wakes = Wakes(self.record, self.chance("wakes"))
        self.codec = Codec(EVENTS, UPCASTS)
        self._ways = self.chance("ways")
        self._asking = self.chance("asking")
        self._reading = self.chance("reading")
        self.poison = self.chance("poison")
        self.documents = SimulatedViews()
        self.rows = SimulatedViews(by_columns=True)
        memory = self.chance("memory")
        self.copies = SimulatedKeyValues(lambda: not self.record.over and memory.hits(plan.evicted))
        self.views = tuple(each for each in ALL if each.source.view in plan.views)
        self.reads: list[Any] = []
        self._watch = watch

    def chance(self, purpose: str) -> Chance:
        return Chance(self.plan.seed, purpose)

    # ------------------------------------------------------------ programs

    def launch(self, kind: str, build: Callable[["World", Running], Coroutine[Any, Any, None]]) -> Running:
        """Start one more program of this kind."""
        number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
        here = Running(kind, Program(f"{kind} {number}"))
        self.running.append(here)
        self.record.trace.append(f"+ {here.program.name}")
        if self._watch is not None:
            here.program.trap = self._watch(self, here)
        here.task = start(here.program, self._watched(here, build))
        return here

    async def _watched(self, here: Running, build: Callable[["World", Running], Coroutine[Any, Any, None]]) -> None:
        try:
            await build(self, here)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self.record.violation(f"{here.kind} ended by {_words(error)}")

    def kill(self, here: Running) -> None:
        """As SIGKILL: it never takes another step."""
        self.record.inject("crash", here.program.name)
        here.program.killed = True
        self._forget(here)

    def stop(self, here: Running) -> None:
        """As SIGTERM: cancelled, it cleans up for itself."""
        self.record.inject("stop", here.program.name)
        if here.task is not None:
            here.task.cancel()
        self._forget(here)

    def freeze(self, here: Running, seconds: float) -> None:
        self.record.inject("freeze", f"{here.program.name} {seconds:.3f}")
        here.program.frozen = True
        self.loop.call_later(seconds, self.thaw, here, context=outside())

    def thaw(self, here: Running) -> None:
        if here.program.frozen and not here.program.killed:
            self.record.trace.append(f"thawed {here.program.name}")
            self.loop.thaw(here.program)

    def of_kind(self, kind: str) -> list[Running]:
        return [each for each in self.running if each.kind == kind]

    def is_planned(self, kind: str) -> bool:
        """Whether the plan has programs of this kind."""
        return {"readers": self.plan.readers, "sockets": self.plan.sockets}.get(kind, 1) > 0

    def _forget(self, here: Running) -> None:
        self.running.remove(here)
        self.gone.append(here)
        for each in here.asked:
            if not each.done():
                each.set_exception(ConnectionLost())
        for line in here.lines:
            line.cut()

    async def close(self) -> None:
        """Cut everybody off and let all tasks end."""
        self.record.closed = True
        programs = [each.program for each in (*self.running, *self.gone)]
        for program in programs:
            program.killed = False
            self.loop.thaw(program)
        mine = asyncio.current_task()
        for _ in range(1000):
            left = [task for program in programs for task in program.tasks if not task.done() and task is not mine]
            if not left:
                break
            for task in left:
                task.cancel()
            await asyncio.sleep(0)
        else:
            raise AssertionError(f"tasks that don't end when they are cancelled: {left}")
        self.post.close()
        for _ in range(20):
            await asyncio.sleep(0)

    # ------------------------------------------------------------ what a program is given

    def way(self, here: Running) -> Way:
        return Way(self.record, self._ways, here.program)

    def program_clock(self) -> SimulatedClock:
        skew = self._ways.between(-2.0, 2.0) if self.record.rate("skew") else 0.0
        return SimulatedClock(skew)

    def log_of(self, here: Running) -> LogWire:
        return LogWire(self.log, self.way(here))

    def keys_of(self, here: Running) -> Keys:
        wire: Any = Wire("keys", self.keys, self.way(here))
        return wire  # type: ignore[no-any-return]

    def wire(self, name: str, target: Any, here: Running) -> Any:
        return Wire(name, target, self.way(here))

    def outside_wire(self, name: str, target: Any, here: Running, fault: str) -> Any:
        return OutsideWire(name, target, self.way(here), fault)

    def views_of(self, here: Running) -> Mapping[str, ViewStore]:
        documents: Any = ViewWire(MONGO, self.documents, self.way(here))
        rows: Any = ViewWire(SQL, self.rows, self.way(here))
        return {MONGO: documents, SQL: rows}

    def copies_of(self, here: Running) -> Any:
        return KeyValueWire(self.copies, self.way(here))

    def decode_of(self, here: Running) -> Decode:
        return decoder(self.codec, self.keys_of(here))

    def bus_of(self, here: Running, log: LogWire) -> Bus:
        """A bus of the program's own: it shares nothing with others but the log."""
        reader: LogReader = log
        return build_bus(
            appender=log,
            reader=reader,
            codec=self.codec,
            keys=self.keys_of(here),
            clock=self.program_clock(),
            ids=self.ids,
            digest=event_digest,
            registry=REGISTRY,
            chance=self._ways.one,
            pepper=PEPPER,
            cached=self.plan.cached,
        )

    # ------------------------------------------------------------ asking the command API

    async def ask_any(self, request: Request, seconds: float = 8.0) -> Answer:
        """Of a node that is up. Raises what the bus raises, and ConnectionLost."""
        nodes = self.of_kind("command")
        if not nodes:
            await asyncio.sleep(0.2)
            raise ConnectionLost
        return await self.ask(self._asking.pick(nodes), request, seconds)

    async def ask(self, node: Running, request: Request, seconds: float = 8.0) -> Answer:
        bus = node.bus
        if bus is None:
            await asyncio.sleep(0.05)
            raise ConnectionLost
        made: Answer = await self._of(node, lambda: bus.handle(request), seconds, type(request.command).__name__)
        self.record.seen["key replayed"] += made.replayed
        return made

    async def read(self, ask: Callable[[Readers], Coroutine[Any, Any, T]], seconds: float = 8.0) -> T:
        """Of a node of the read side. Raises what `ask` raises, and ConnectionLost."""
        nodes = [each for each in self.of_kind("readers") if each.readers is not None]
        if not nodes:
            await asyncio.sleep(0.2)
            raise ConnectionLost
        node = self._reading.pick(nodes)
        opened = node.readers
        assert opened is not None, "it is up"
        answer: T = await self._of(node, lambda: ask(opened), seconds, "read")
        return answer

    async def _of(self, node: Running, work: Work, seconds: float, what: str) -> Any:
        answer: asyncio.Future[Any] = self.loop.create_future()
        node.asked.append(answer)
        start(node.program, _serve(work, answer, what))
        try:
            async with asyncio.timeout(seconds):
                made = await answer
        except TimeoutError:
            raise ConnectionLost from None
        finally:
            if answer in node.asked:
                node.asked.remove(answer)
        if self._asking.hits(self.record.rate("replies")):
            self.record.inject("replies", what)
            raise ConnectionLost
        return made


async def _serve(work: Work, answer: asyncio.Future[Any], what: str) -> None:
    program = PROGRAM.get()
    try:
        await passing(program, "asked", what)
        made = await work()
        await passing(program, "asked done", what)
    except asyncio.CancelledError:
        if not answer.done():
            answer.set_exception(ConnectionLost())
        raise
    except Exception as error:
        if not answer.done():
            answer.set_exception(error)
    else:
        if not answer.done():
            answer.set_result(made)


def _words(error: BaseException) -> str:
    """An error with those in it."""
    inner = getattr(error, "exceptions", ())
    told = f"{type(error).__name__}: {error}" if not inner else type(error).__name__
    return f"{told} ({', '.join(_words(each) for each in inner)})" if inner else told
