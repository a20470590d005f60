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
    trap: Callable[[str], bool] | None = None  # told of each call before and after it: true where it is stopped
    held: list[asyncio.Handle] = field(default_factory=list)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)


PROGRAM: ContextVar[Program | None] = ContextVar("program", default=None)


class _Task(asyncio.Task[Any]):
    """A task whose place in a set does not hang on its address, so that task groups cancel in the same order again."""

    def __init__(self, *args: Any, loop: "SeededLoop", **kwargs: Any) -> None:
        loop.made += 1
        self._number = loop.made
        super().__init__(*args, loop=loop, **kwargs)

    def __hash__(self) -> int:
        return self._number


def _make_task(
    loop: Any, coroutine: Any, *, context: Context | None = None, name: str | None = None
) -> asyncio.Task[Any]:
    task = _Task(coroutine, loop=loop, name=name, context=context)
    program = PROGRAM.get() if context is None else context.get(PROGRAM, None)
    if program is not None:
        program.tasks.append(task)
        if len(program.tasks) > 256:
            program.tasks = [each for each in program.tasks if not each.done()]
    return task


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
        self.steps = 0
        self.made = 0  # tasks
        self.set_task_factory(_make_task)

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

    def _run_once(self) -> None:
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        ready = self._ready
        if not ready:
            while scheduled and scheduled[0]._cancelled:
                heapq.heappop(scheduled)._scheduled = False  # type: ignore[attr-defined]
            if not scheduled:
                raise NobodyWakes
            self._time = max(self._time, scheduled[0].when())
        while scheduled and scheduled[0].when() <= self._time:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False  # type: ignore[attr-defined]
            if not handle._cancelled:
                ready.append(handle)
        if not ready:
            return
        if self.steps >= self._budget:
            raise TooManySteps
        place = int(self._draw() * len(ready))
        chosen = ready[place]
        ready[place] = ready[-1]
        ready.pop()
        if chosen._cancelled:
            return
        program = chosen._context.get(PROGRAM, None)  # type: ignore[attr-defined]
        if program is not None and (program.frozen or program.killed):
            program.held.append(chosen)
            return
        self.steps += 1
        self._time += STEP
        chosen._run()

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
