"""An event loop whose only chance is a seed's: which ready handle runs next, on a clock that jumps to the next timer.

Every handle belongs to the program (a process of the platform) that its context names. A program that is frozen has
its handles put aside while time goes on, as SIGSTOP does; one that is killed never runs again: no `finally` of its own
is reached, as after SIGKILL (at the very end of a run it is cancelled, cut off from every store).
"""

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, Protocol

STEP = 0.000_001  # seconds that each step takes: time never stands


class NobodyWakes(Exception):
    """Nothing is ready and no timer is set: all that is left would wait for ever."""


class TooManySteps(Exception):
    """The budget is spent: something turns without end."""


@dataclass(eq=False, slots=True)
class Program:
    """One process of the platform, with its tasks and what waits of it while it is frozen."""

    name: str
    frozen: bool = False
    killed: bool = False
    trap: Callable[[str, str], bool] | None = None  # told of each call before and after it: true where it is stopped
    held: list[asyncio.Handle] = field(default_factory=list)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)


PROGRAM: ContextVar[Program | None] = ContextVar("program", default=None)


async def passing(program: Program | None, point: str, what: str = "") -> None:
    """A named point before or after a call (`what`: on what), where the program may be frozen or killed."""
    if program is not None and program.trap is not None and program.trap(point, what):
        program.trap = None
        await asyncio.sleep(0)


class _Task(asyncio.Task[Any]):
    """A task whose place in a set does not hang on its address, so that task groups cancel in the same order again."""

    def __init__(self, *args: Any, loop: "SeededLoop", **kwargs: Any) -> None:
        loop.made += 1
        self._number = loop.made
        super().__init__(*args, loop=loop, **kwargs)

    def __hash__(self) -> int:
        return self._number


class _Handle(asyncio.Handle):
    """What is ready. Made a million times a minute: nothing that only debugging wants."""

    __slots__ = ()

    def __init__(self, loop: "SeededLoop", callback: Callable[..., Any], args: Any, context: Context | None) -> None:
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._context = copy_context() if context is None else context

    def cancel(self) -> None:
        self._cancelled = True


class _Timer(asyncio.TimerHandle):
    __slots__ = ()

    def __init__(
        self, when: float, loop: "SeededLoop", callback: Callable[..., Any], args: Any, context: Context | None
    ) -> None:
        self._when = when
        self._scheduled = True
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._context = copy_context() if context is None else context

    def cancel(self) -> None:
        self._cancelled = True


class Draws(Protocol):
    @property
    def one(self) -> Callable[[], float]:
        """Evenly from 0 to 1."""


class SeededLoop(asyncio.BaseEventLoop):
    """Runs one ready handle at a time, drawn by `chance`. `steps` counts them."""

    def __init__(self, chance: Draws, budget: int = 5_000_000) -> None:
        super().__init__()
        self._draw = chance.one
        self._budget = budget
        self._time = 0.0
        self._ready: list[asyncio.Handle] = []
        self._timers: list[tuple[float, int, _Timer]] = []
        self._set = 0  # timers ever
        self.steps = 0
        self.made = 0  # tasks

    def time(self) -> float:
        """Seconds of virtual time."""
        return self._time

    def spend(self) -> None:
        """From here on steps are not counted."""
        self._budget = 1 << 60

    def run_in_executor(self, *_: Any) -> Any:  # type: ignore[override]
        raise RuntimeError("the simulation has one thread")

    def thaw(self, program: Program) -> None:
        """What was put aside is ready again."""
        program.frozen = False
        held, program.held = program.held, []
        self._ready += held

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = _Handle(self, callback, args, context)
        self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._time + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = _Timer(when, self, callback, args, context)
        self._set += 1
        heapq.heappush(self._timers, (when, self._set, timer))
        return timer

    def create_task(self, coroutine: Any, *, name: object = None, context: Context | None = None) -> asyncio.Task[Any]:
        task = _Task(coroutine, loop=self, name=name, context=context)
        program = PROGRAM.get() if context is None else context.get(PROGRAM, None)
        if program is not None:
            program.tasks.append(task)
            if len(program.tasks) > 256:
                program.tasks = [each for each in program.tasks if not each.done()]
        return task

    def _run_once(self) -> None:
        ready, draw = self._ready, self._draw
        while not self._stopping:  # type: ignore[attr-defined]
            timers = self._timers
            if not ready:
                self._jump()
            while timers and timers[0][0] <= self._time:
                timer = heapq.heappop(timers)[2]
                if not timer._cancelled:
                    ready.append(timer)
            if not ready:
                continue
            if self.steps >= self._budget:
                raise TooManySteps
            place = int(draw() * len(ready))
            chosen = ready[place]
            ready[place] = ready[-1]
            ready.pop()
            if chosen._cancelled:
                continue
            program = chosen._context.get(PROGRAM, None)  # type: ignore[attr-defined]
            if program is not None and (program.frozen or program.killed):
                program.held.append(chosen)
                continue
            self.steps += 1
            self._time += STEP
            chosen._run()

    def _jump(self) -> None:
        """To the next timer that counts. Raises NobodyWakes."""
        timers = self._timers
        while timers and timers[0][2]._cancelled:
            heapq.heappop(timers)
        if not timers:
            raise NobodyWakes
        self._time = max(self._time, timers[0][0])

    def _process_events(self, event_list: Any) -> None:
        raise AssertionError("there is no selector")

    def _write_to_self(self) -> None:
        return  # nobody sleeps in a selector


def of(program: Program) -> Context:
    """A context in which everything that is started belongs to the program."""
    context = copy_context()
    context.run(PROGRAM.set, program)
    return context


def start(program: Program, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """A task of the program."""
    return asyncio.get_running_loop().create_task(coroutine, context=of(program))


def outside() -> Context:
    """A context that belongs to no program."""
    context = copy_context()
    context.run(PROGRAM.set, None)
    return context
