"""A runner hears everything once and in order, whatever dies, waits or fails meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from infra.memory.broker import MemoryBroker
from infra.memory.work import MemoryLeases, MemoryWork
from infra.ports import Fenced, ProcessRow, Unavailable, WorkStore
from processes.running import states
from processes.running.messages import Process
from processes.running.runner import Pace, run
from processes.running.tail import Tail
from tests.kit.builders.ids import an_id
from tests.processes.running.small import CUSTOMER, PROCESS, Counting, counting, post
from tests.write_model.handling.world import World
from write_model.handling.bus import Bus, LogBusy, Request
from write_model.handling.registry import decoder
from write_model.kernel.message import Actor

QUICK = Pace(look=0.01, look_released=0.01, save_position=0.01, lease=60.0)
TYPES = ["notification.posted", "notification.read"]


@dataclass
class Counted(World):
    """A log with notifications, and the process that counts them."""

    pace: Pace = QUICK

    def __post_init__(self) -> None:
        super().__post_init__()
        self.work = MemoryWork(self.clock)
        self.leases = MemoryLeases(self.clock)
        self.broker = MemoryBroker()
        self.decode = decoder(self.codec, self.keys)

    def runner(
        self,
        worker: str = "w1",
        bus: Any = None,
        work: WorkStore | None = None,
        process: Process[Counting] = PROCESS,
    ) -> Coroutine[Any, Any, None]:
        tail = Tail(self.log, self.decode, TYPES)
        return run(
            process,
            tail,
            work or self.work,
            self.leases,
            bus or self.bus,
            self.broker,
            self.clock,
            worker=worker,
            pace=self.pace,
        )

    @asynccontextmanager
    async def going(self, **parts: Any) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.runner(**parts))
            try:
                yield
            finally:
                task.cancel()

    async def row(self, customer: UUID = CUSTOMER) -> ProcessRow | None:
        return (await self.work.load(PROCESS.name, [str(customer)])).get(str(customer))

    async def state(self, customer: UUID = CUSTOMER) -> Counting:
        row = await self.row(customer)
        return Counting() if row is None else states.decode(PROCESS, row.state)[1]

    async def until(self, reached: Callable[[Counting], bool], customer: UUID = CUSTOMER) -> Counting:
        for _ in range(400):
            state = await self.state(customer)
            if reached(state):
                return state
            await asyncio.sleep(0.005)
        raise AssertionError(state)

    async def until_parked(self) -> None:
        for _ in range(400):
            if await self.work.parked():
                return
            await asyncio.sleep(0.005)
        raise AssertionError("nothing was parked")


async def test_what_was_appended_before_and_after_the_start_is_heard_in_order() -> None:
    world = Counted()
    for number in range(5):
        await world.send(post(number, f"t{number}"))
    async with world.going():
        await world.until(lambda state: len(state.posted) == 5)
        await world.send(post(5, "t5"))
        state = await world.until(lambda state: state.read == 6)
    assert state.posted == tuple(f"t{number}" for number in range(6))


async def test_state_timers_effects_and_position_are_kept_together() -> None:
    world = Counted()
    await world.send(post(1))
    async with world.going():
        await world.until(lambda state: state.read == 1)
    assert await world.work.position(PROCESS.name) >= 1
    assert [row.effect.kind for row in world.work.outbox.values()] == ["note"]
    assert world.broker.waiting == 1


async def test_a_timer_rings_when_its_time_has_come() -> None:
    world = Counted()
    await world.send(post(1))
    async with world.going():
        await world.until(lambda state: state.read == 1)
        assert (await world.state()).rang == 0
        world.clock.advance(61)
        await world.until(lambda state: state.rang == 1)
        world.clock.advance(600)
        await asyncio.sleep(0.05)
        assert (await world.state()).rang == 1


async def test_a_refusal_is_heard_before_anything_is_kept_and_ends_what_hangs_on_it() -> None:
    world = Counted()
    await world.send(post(1, "in vain"))
    async with world.going():
        state = await world.until(lambda state: bool(state.refused))
    assert state.refused == ("notification.unknown",)
    assert [row.effect.kind for row in world.work.outbox.values()] == ["always"]


async def test_history_of_another_system_is_heard_by_nobody() -> None:
    world = Counted()
    request = Request(command=post(1), caller="import", actor=Actor("import", "test"), origin="import")
    await world.bus.handle(request)
    await world.send(post(2))
    async with world.going():
        await world.until(lambda state: state.read == 1)
    assert (await world.state()).posted == ("good",)


async def test_a_key_that_fails_waits_in_order_and_the_others_go_on() -> None:
    world = Counted()
    other = an_id("customer", 2)
    await world.send(post(1, "first"))
    await world.send(post(2, "bad"))
    await world.send(post(3, "third"))
    await world.send(post(4, "other", other))
    async with world.going():
        await world.until(lambda state: state.posted == ("other",), other)
        (parked,) = await world.work.parked()
        assert (parked.name, parked.key, parked.error) == ("counting", str(CUSTOMER), "Unforeseen: a bad one")
        assert (await world.state()).posted == ("first",)
        await world.send(post(5, "fifth"))
        await asyncio.sleep(0.05)
        assert (await world.state()).posted == ("first",)


async def test_a_key_that_was_let_go_hears_all_that_has_waited() -> None:
    world = Counted()
    for number, template in enumerate(["first", "bad", "third"], start=1):
        await world.send(post(number, template))
    async with world.going():
        await world.until_parked()
        await world.work.release(PROCESS.name, str(CUSTOMER))  # not mended yet: it parks again
        await asyncio.sleep(0.02)
        await world.until_parked()
    async with world.going(process=counting(bad=frozenset())):
        await world.send(post(4, "fourth"))
        await world.work.release(PROCESS.name, str(CUSTOMER))
        state = await world.until(lambda state: state.read == 4)
    assert state.posted == ("first", "bad", "third", "fourth")
    row = await world.row()
    assert row is not None
    assert (row.parked_at, row.last_error) == (None, None)


async def test_others_who_are_busy_are_waited_for_and_nobody_is_parked() -> None:
    world = Counted()
    await world.send(post(1))
    bus = _BusyBus(world.bus, times=3)
    async with world.going(bus=bus):
        await world.until(lambda state: state.read == 1)
    assert await world.work.parked() == []
    assert bus.left == 0


class _BusyBus:
    def __init__(self, bus: Bus, times: int) -> None:
        self._bus = bus
        self.left = times

    async def handle(self, request: Request) -> object:
        if self.left:
            self.left -= 1
            raise LogBusy(0.1)
        return await self._bus.handle(request)


async def test_a_store_that_goes_away_is_waited_for() -> None:
    world = Counted()
    work = _Failing(world.work, [Unavailable("gone"), Unavailable("gone")])
    await world.send(post(1))
    async with world.going(work=work):
        await world.until(lambda state: state.read == 1)
    assert (await world.state()).posted == ("good",)


class _Failing:
    """Saves may fail, before or after they are done."""

    def __init__(self, work: MemoryWork, before: list[Exception], after: list[Exception] | None = None) -> None:
        self._work = work
        self._before = before
        self._after = after or []

    async def save(self, process: str, fence: int, position: int, rows: Any, *rest: Any) -> None:
        if rows and self._before:
            raise self._before.pop(0)
        await self._work.save(process, fence, position, rows, *rest)
        if rows and self._after:
            raise self._after.pop(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)


async def test_a_save_whose_outcome_is_unknown_is_not_made_twice() -> None:
    world = Counted()
    await world.send(post(1))
    async with world.going(work=_Failing(world.work, [], [Unavailable("the answer was lost")])):
        await world.until(lambda state: state.read == 1)
        await world.send(post(2))
        await world.until(lambda state: state.read == 2)
    assert (await world.state()).posted == ("good", "good")
    assert len(world.work.outbox) == 2


async def test_two_runners_beside_each_other_hear_everything_once() -> None:
    world = Counted()
    async with world.going(worker="w1"), world.going(worker="w2"):
        for number in range(20):
            await world.send(post(number, f"t{number}"))
        await world.until(lambda state: state.read == 20)
    assert (await world.state()).posted == tuple(f"t{number}" for number in range(20))


async def test_one_that_has_lost_its_lease_saves_nothing() -> None:
    world = Counted()
    async with world.going(worker="w1"):
        await world.send(post(1))
        await world.until(lambda state: state.read == 1)
        world.clock.advance(120)  # w1 sleeps through its lease
        async with world.going(worker="w2"):
            await world.send(post(2))
            await world.until(lambda state: state.read == 2)
            with pytest.raises(Fenced):
                await world.work.save(PROCESS.name, 1, 99, [], [], [])
    assert (await world.state()).posted == ("good", "good")


@pytest.mark.parametrize("seed", range(25))
async def test_killed_at_any_moment_it_leaves_nothing_half_done(seed: int) -> None:
    """Killed again and again, each time a little later; then what was kept must be as if it had lived."""
    world = Counted()
    for number in range(6):
        await world.send(post(number, f"t{number}"))
    for kill in range(12):
        task = asyncio.ensure_future(world.runner(worker=f"w{kill}"))
        for _ in range(seed + 3 * kill):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        world.clock.advance(61)  # whatever lease was held has ended
    async with world.going(worker="last"):
        state = await world.until(lambda state: state.read == 6)
    assert state.posted == tuple(f"t{number}" for number in range(6))
    assert len(world.work.outbox) == 6
    assert [row.type for row in await world.rows()].count("notification.read") == 6
