"""What the bus does when the log is slow, full, away or of another opinion: never twice, and never a refusal."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from infra.ports import Append, Conflict, Unknown, Verdict
from infra.ports import Busy as QueueFull
from tests.write_model.handling import tally
from tests.write_model.handling.tally import Count, name_of
from tests.write_model.handling.world import World
from write_model.handling.bus import InFlight, LogBusy, OutcomeUnknown

ONE = UUID(int=1)


@pytest.fixture
def world() -> World:
    return World(registry=tally.REGISTRY, events=tally.EVENTS)


class Verdicts:
    """An appender that gives these verdicts first, and does its work or not."""

    def __init__(self, world: World, *verdicts: Verdict | Exception, stores: bool) -> None:
        self._world, self._verdicts, self._stores = world, list(verdicts), stores
        self.asked = 0

    async def append(self, command: Append) -> Verdict:
        self.asked += 1
        if not self._verdicts:
            return await self._world.log.append(command)
        if self._stores:
            await self._world.log.append(command)
        verdict = self._verdicts.pop(0)
        if isinstance(verdict, Exception):
            raise verdict
        return verdict


async def test_an_unknown_outcome_is_asked_for_and_found(world: World) -> None:
    bus = world.another_bus(Verdicts(world, Unknown("lost"), stores=True))
    answer = await world.send(Count(tally_id=ONE), key="k", bus=bus)
    assert (answer.position, answer.replayed) == (1, False)
    assert (await world.send(Count(tally_id=ONE), key="k", bus=bus)).replayed is True


async def test_an_outcome_that_stays_unknown_is_told_so_and_the_same_key_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("write_model.handling.attempt.PATIENCE", 0.1)
    bus = world.another_bus(Verdicts(world, Unknown("lost"), stores=False))
    with pytest.raises(OutcomeUnknown) as told:
        await world.send(Count(tally_id=ONE), key="k", bus=bus)
    assert (told.value.code, told.value.retry_after) == ("log.unknown", 1.0)
    assert (await world.send(Count(tally_id=ONE), key="k", bus=bus)).position == 1


async def test_conflicts_that_never_end_are_told_as_busy_and_not_as_a_refusal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("write_model.handling.attempt.PATIENCE", 0.1)
    appender = Verdicts(world, *[Conflict({name_of(ONE): 9})] * 1000, stores=False)
    with pytest.raises(LogBusy):
        await world.send(Count(tally_id=ONE), bus=world.another_bus(appender))
    assert appender.asked > 3


async def test_a_full_queue_is_told_as_busy(world: World) -> None:
    bus = world.another_bus(Verdicts(world, QueueFull(0.5), stores=False))
    with pytest.raises(LogBusy) as told:
        await world.send(Count(tally_id=ONE), bus=bus)
    assert told.value.retry_after == 0.5


async def test_who_waits_too_long_for_the_first_is_told_that_it_is_under_way(world: World) -> None:
    gate = asyncio.Event()

    class Stuck:
        async def append(self, command: Append) -> Verdict:
            await gate.wait()
            return await world.log.append(command)

    bus = world.another_bus(Stuck())
    bus._flights._patience = 0.02
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(world.send(Count(tally_id=ONE), key="k", bus=bus))
        await asyncio.sleep(0)
        with pytest.raises(InFlight):
            await world.send(Count(tally_id=ONE), key="k", bus=bus)
        gate.set()
    assert first.result().position == 1


async def test_a_cancelled_command_leaves_its_place_to_the_next(world: World) -> None:
    gate = asyncio.Event()

    class Slow:
        async def append(self, command: Append) -> Verdict:
            await gate.wait()
            return await world.log.append(command)

    bus = world.another_bus(Slow())
    tasks = [asyncio.create_task(world.send(Count(tally_id=ONE), bus=bus)) for _ in range(4)]
    await asyncio.sleep(0.01)
    tasks[1].cancel()  # while it waits for its turn
    tasks[0].cancel()  # while it is being stored
    gate.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes] == [True, True, False, False]
    assert (await world.send(Count(tally_id=ONE), bus=bus)).version >= 3


async def test_a_remembered_state_of_another_log_is_forgotten(world: World) -> None:
    for _ in range(3):
        await world.send(Count(tally_id=ONE))
    shorter = World(registry=tally.REGISTRY, events=tally.EVENTS)
    await shorter.send(Count(tally_id=ONE))
    parts = world.bus._parts
    world.bus._parts = replace(parts, appender=shorter.log, reader=shorter.log)
    parts.loader._reader = shorter.log
    assert (await world.send(Count(tally_id=ONE))).version == 2
