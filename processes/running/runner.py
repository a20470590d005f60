"""Who turns a process? One worker at a time, under a lease: events in position order, timers, keys that were let go.

Killed at any await it leaves nothing half done: commands are answered, not repeated, when they come again, and what a
batch came to is kept in one fenced transaction with its position.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from infra.observability.logs import logger
from infra.ports import Broker, Fenced, Leases, NewEffect, ProcessRow, Timer, WorkStore
from processes.running.hearing import Ear, Gathered, Heard, cause_of_alarm, let_go
from processes.running.messages import Process, TimeCame
from processes.running.sending import FOR_A_MOMENT, Patience, check_cancelled, pause
from processes.running.tail import Batch, Tail
from write_model.handling.bus import Bus
from write_model.kernel.clock import Clock
from write_model.kernel.message import Envelope

S = TypeVar("S")
START_AGAIN: tuple[type[Exception], ...] = (Fenced, *FOR_A_MOMENT)  # the lease is gone, or a store can't be reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often is looked, and how much is taken at once. Seconds and counts."""

    lease: float = 10.0
    look: float = 0.5  # at timers, while nothing happens
    look_released: float = 2.0
    batch: int = 256
    at_once: int = 32  # keys of a batch
    remembered: int = 10_000  # rows
    save_position: float = 1.0  # while nothing concerns the process


async def run(
    process: Process[S],
    tail: Tail,
    work: WorkStore,
    leases: Leases,
    bus: Bus,
    broker: Broker,
    clock: Clock,
    *,
    worker: str,
    pace: Pace | None = None,
) -> None:
    """Until it is cancelled. Raises NewerThanCode when this program is too old for the log."""
    runner = Runner(process, tail, work, leases, bus, broker, clock, worker, pace or Pace())
    patience = Patience()
    while True:
        try:
            await runner.hold()
            patience.reset()
        except* START_AGAIN as reasons:
            check_cancelled()
            why = [type(reason).__name__ for reason in reasons.exceptions]
            logger().warning("process starts again", process=process.name, why=why)
            await patience.wait()


class Runner(Generic[S]):
    def __init__(
        self,
        process: Process[S],
        tail: Tail,
        work: WorkStore,
        leases: Leases,
        bus: Bus,
        broker: Broker,
        clock: Clock,
        worker: str,
        pace: Pace,
    ) -> None:
        self._process = process
        self._tail = tail
        self._work = work
        self._leases = leases
        self._broker = broker
        self._clock = clock
        self._worker = worker
        self._pace = pace
        self._ear = Ear(process, bus)
        self._handles = frozenset(process.handles)
        self._rows: dict[str, ProcessRow] = {}  # only this worker writes them
        self._fence = 0
        self._position = 0
        self._saved = 0  # the position that is kept; behind while nothing concerns the process

    async def hold(self) -> None:
        """Take the lease and work under it. Raises an ExceptionGroup when it is lost or a store can't be reached."""
        name = f"process:{self._process.name}"
        async with asyncio.TaskGroup() as tasks:
            fence = await self._leases.take(name, self._worker, self._pace.lease)
            if fence is None:
                await pause(min(1.0, self._pace.lease / 3))
                return
            self._fence = fence
            keeper = tasks.create_task(self._keep(name, fence))
            try:
                await self._claim()
                await self._turn()
            finally:
                keeper.cancel()
                with suppress(*FOR_A_MOMENT):
                    await self._leases.give(name, fence)

    async def _keep(self, name: str, fence: int) -> None:
        while True:
            await pause(self._pace.lease / 3)
            if not await self._leases.renew(name, fence, self._pace.lease):
                raise Fenced(name)

    async def _claim(self) -> None:
        """From here on nobody with an older fence can save; then what stands is read."""
        self._rows.clear()
        while True:
            self._position = await self._work.position(self._process.name)
            try:
                await self._work.save(self._process.name, self._fence, self._position, [], [], [])
            except Fenced:
                if await self._work.position(self._process.name) == self._position:
                    raise
            else:
                self._saved = self._position
                return

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        look = look_released = look_saved = loop.time()
        while True:
            check_cancelled()
            wait = max(0.0, min(look, look_released) - loop.time())
            batch = await self._tail.after(self._position, self._pace.batch, wait)
            if batch.position > self._position:
                await self._hear(batch)
            if loop.time() >= look:
                look = loop.time() + self._pace.look
                if await self._ring() == self._pace.batch:
                    look = loop.time()
            if loop.time() >= look_released:
                look_released = loop.time() + self._pace.look_released
                await self._take_up_released()
            if loop.time() >= look_saved:
                look_saved = loop.time() + self._pace.save_position
                if self._position > self._saved:
                    await self._save(self._position, [], [], [], [])

    async def _hear(self, batch: Batch) -> None:
        messages: dict[str, list[Heard]] = defaultdict(list)
        for envelope in batch.envelopes:
            key = self._key(envelope)
            if key is not None:
                messages[key].append(_heard(envelope))
        if messages:
            await self._handle(messages, batch.position)
        self._position = batch.position

    async def _ring(self) -> int:
        """Timers that are due; how many."""
        now = await self._clock.now()
        due = await self._work.due_timers(self._process.name, now, self._pace.batch)
        messages: dict[str, list[Heard]] = defaultdict(list)
        for timer in due:
            alarm = TimeCame(timer.key, timer.name, timer.at)
            cause = cause_of_alarm(self._process.name, alarm)
            messages[timer.key].append(Heard(alarm, cause, None, None, self._position + 1))
        if messages:
            await self._handle(messages, self._position)
        return len(due)

    async def _take_up_released(self) -> None:
        """An operator let these keys go: what has waited is heard, up to where the others are."""
        for parked in await self._work.released(self._process.name):
            messages: list[Heard] = []
            after = parked.position - 1
            while after < self._position:
                batch = await self._tail.between(after, self._position, self._pace.batch)
                messages += [_heard(each) for each in batch.envelopes if self._key(each) == parked.key]
                after = max(batch.position, after + 1)
            row = (await self._work.load(self._process.name, [parked.key]))[parked.key]
            self._rows[parked.key] = let_go(row)
            await self._handle({parked.key: messages}, self._position)

    async def _handle(self, messages: Mapping[str, Sequence[Heard]], position: int) -> None:
        """What parked keys should hear waits in the log; their rows are left to the operators."""
        await self._load(messages)
        gathered = await self._gather({key: heard for key, heard in messages.items() if not self._is_parked(key)})
        if not gathered:
            return
        timers = [timer for each in gathered for timer in each.timers]
        effects = [effect for each in gathered for effect in each.effects]
        rung = [timer for each in gathered for timer in each.rung]
        await self._save(position, [each.row for each in gathered], timers, effects, rung)

    async def _gather(self, messages: Mapping[str, Sequence[Heard]]) -> list[Gathered]:
        """Keys beside each other, the messages of one key in order."""
        if len(messages) == 1:
            ((key, heard),) = messages.items()
            one_kept = await self._ear.hear(key, self._rows.get(key), heard)
            return [] if one_kept is None else [one_kept]
        places = asyncio.Semaphore(self._pace.at_once)

        async def one(key: str, heard: Sequence[Heard]) -> Gathered | None:
            async with places:
                return await self._ear.hear(key, self._rows.get(key), heard)

        async with asyncio.TaskGroup() as tasks:
            made = [tasks.create_task(one(key, heard)) for key, heard in messages.items()]
        return [kept for task in made if (kept := task.result()) is not None]

    async def _save(
        self,
        position: int,
        rows: Sequence[ProcessRow],
        timers: Sequence[Timer],
        effects: Sequence[NewEffect],
        rung: Sequence[Timer],
    ) -> None:
        await self._work.save(self._process.name, self._fence, position, rows, timers, effects, rung)
        self._position = self._saved = position
        for row in rows:
            self._rows.pop(row.key, None)
            self._rows[row.key] = row
        while len(self._rows) > self._pace.remembered:
            del self._rows[next(iter(self._rows))]
        for effect in effects:
            await self._broker.wake(effect.id)

    def _is_parked(self, key: str) -> bool:
        row = self._rows.get(key)
        return row is not None and row.parked_at is not None

    async def _load(self, messages: Mapping[str, Sequence[Heard]]) -> None:
        missing = [key for key in messages if key not in self._rows]
        if missing:
            self._rows.update(await self._work.load(self._process.name, missing))

    def _key(self, envelope: Envelope[Any]) -> str | None:
        """None: this process does not hear it. What another system's history brought is heard by nobody."""
        if envelope.origin == "import" or type(envelope.event) not in self._handles:
            return None
        return self._process.key(envelope)


def _heard(envelope: Envelope[Any]) -> Heard:
    return Heard(envelope, envelope.event_id, envelope.event_id, envelope.correlation_id, envelope.position)
