"""Many wait for the fates of many, and the log is read for all of them together."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import pytest

from infra.memory.log import MemoryLog
from infra.ports import Stored, Unavailable
from tests.kit.builders.ids import an_id
from tests.write_model.handling import tally
from tests.write_model.handling.tally import Count
from tests.write_model.handling.world import World
from write_model.handling.bus import Bus

MANY = 40


class Counting:
    """The log, with how often it was read for states; it may be away."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self.reads: list[int] = []  # streams of each
        self.is_away = False

    async def head(self) -> int:
        return await self._log.head()

    async def wait(self, after: int, seconds: float) -> int:
        return await self._log.wait(after, seconds)

    async def streams(self, after_versions: Mapping[str, int]) -> Sequence[Stored]:
        if self.is_away:
            raise Unavailable("away")
        self.reads.append(len(after_versions))
        return await self._log.streams(after_versions)

    async def stream(self, name: str, after_version: int = 0, up_to: int | None = None) -> Sequence[Stored]:
        return await self._log.stream(name, after_version, up_to)

    async def read(self, after: int, limit: int, types: Collection[str] = ()) -> Sequence[Stored]:
        return await self._log.read(after, limit, types)

    async def answer(self, command_id: UUID) -> None:
        return None


@pytest.fixture
def world() -> World:
    return World(registry=tally.REGISTRY, events=tally.EVENTS)


async def begun(world: World, reader: Counting) -> tuple[Bus, list[UUID]]:
    """Open tallies, and another process that waits for them."""
    ids = [an_id(f"tally {number}") for number in range(MANY)]
    for tally_id in ids:
        await world.send(Count(tally_id=tally_id, by=2))
    return world.another_bus(reader=reader), ids


async def test_those_who_wait_read_together(world: World) -> None:
    reader = Counting(world.log)
    bus, ids = await begun(world, reader)
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(bus.settled(tally_id, 0, 30.0)) for tally_id in ids]
        await asyncio.sleep(0.05)
        begins = len(reader.reads)
        for tally_id in ids:
            await world.send(Count(tally_id=tally_id, by=3))
    assert {task.result().status for task in waiting} == {"FULL"}
    assert len(reader.reads) - begins < MANY
    assert max(reader.reads) > MANY // 2


async def test_who_is_settled_first_does_not_wait_for_the_others(world: World) -> None:
    bus, ids = await begun(world, Counting(world.log))
    slow = asyncio.create_task(bus.settled(ids[0], 0, 30.0))
    quick = asyncio.create_task(bus.settled(ids[1], 0, 30.0))
    await asyncio.sleep(0.02)
    await world.send(Count(tally_id=ids[1], by=3))
    assert (await asyncio.wait_for(quick, 10)).status == "FULL"
    assert not slow.done()
    await world.send(Count(tally_id=ids[0], by=3))
    assert (await asyncio.wait_for(slow, 10)).status == "FULL"


async def test_when_the_one_who_looks_goes_away_another_goes_on(world: World) -> None:
    bus, ids = await begun(world, Counting(world.log))
    first = asyncio.create_task(bus.settled(ids[0], 0, 30.0))
    await asyncio.sleep(0.02)
    second = asyncio.create_task(bus.settled(ids[1], 0, 30.0))
    await asyncio.sleep(0.02)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await world.send(Count(tally_id=ids[1], by=3))
    assert (await asyncio.wait_for(second, 10)).status == "FULL"


async def test_patience_of_one_ends_without_the_others(world: World) -> None:
    bus, ids = await begun(world, Counting(world.log))
    patient = asyncio.create_task(bus.settled(ids[0], 0, 30.0))
    await asyncio.sleep(0.02)
    assert (await bus.settled(ids[1], 0, 0.05)).status == "OPEN"
    assert not patient.done()
    patient.cancel()
    await asyncio.gather(patient, return_exceptions=True)


async def test_all_hear_that_the_log_is_away(world: World) -> None:
    reader = Counting(world.log)
    bus, ids = await begun(world, reader)
    waiting = [asyncio.create_task(bus.settled(tally_id, 0, 30.0)) for tally_id in ids[:3]]
    await asyncio.sleep(0.02)
    reader.is_away = True
    await world.send(Count(tally_id=ids[0]))
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(each, Unavailable) for each in ended), ended
