"""Do the clocks and the makers of ids keep what their ports promise?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from infra.clock import DatabaseClock, SystemClock
from infra.ids import Uuid7Ids
from infra.memory.clock import VirtualClock
from infra.memory.ids import SeededIds
from infra.postgres.pool import open_pool
from tests.kit.stack import Stores
from write_model.kernel.clock import Clock
from write_model.kernel.ids import Ids


@dataclass
class Moved:
    """A clock that tests move, and how."""

    clock: Clock
    advance: Callable[[float], Awaitable[None]]


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.integration)])
async def moved(request: pytest.FixtureRequest) -> AsyncIterator[Moved]:
    if request.param == "memory":
        memory = VirtualClock()

        async def advance(seconds: float) -> None:
            memory.advance(seconds)

        yield Moved(memory, advance)
        return
    async with open_pool(request.getfixturevalue("stores").postgres_url, 1) as pool:  # first come, first served
        clock = DatabaseClock(pool)
        yield Moved(clock, clock.advance)


async def test_a_clock_that_is_moved_has_gone_on_by_so_much(moved: Moved) -> None:
    before = await moved.clock.now()

    await moved.advance(900)

    gone = await moved.clock.now() - before
    assert timedelta(seconds=900) <= gone < timedelta(seconds=910)
    assert before.utcoffset() == timedelta(0)


async def test_a_sleeper_wakes_when_the_clock_is_moved_past_its_time(moved: Moved) -> None:
    sleeper = asyncio.ensure_future(moved.clock.sleep(600))
    await moved.clock.sleep(0)
    await moved.advance(300)
    await asyncio.sleep(0.2)
    assert not sleeper.done()

    await moved.advance(301)

    async with asyncio.timeout(5):
        await sleeper


@pytest.mark.integration
async def test_all_processes_read_one_database_clock(stores: Stores) -> None:
    async with open_pool(stores.postgres_url, 2) as pool:
        await DatabaseClock(pool).advance(86_400)
        told = await DatabaseClock(pool).now()

    assert told - datetime.now(UTC) > timedelta(hours=23)


async def test_the_hosts_clock_is_in_utc_and_its_sleep_takes_time() -> None:
    clock = SystemClock()
    before = await clock.now()
    await clock.sleep(0.01)

    assert before.utcoffset() == timedelta(0)
    assert await clock.now() - before >= timedelta(milliseconds=9)


async def test_a_virtual_clock_does_not_go_back() -> None:
    clock = VirtualClock()
    with pytest.raises(ValueError, match="is before"):
        clock.set(await clock.now() - timedelta(seconds=1))


@pytest.mark.parametrize("ids", [Uuid7Ids(), SeededIds(7)])
def test_ids_are_version_7_and_rise(ids: Ids) -> None:
    made = [ids.new() for _ in range(1000)]

    assert {(each.version, each.variant) for each in made} == {(7, made[0].variant)}
    assert made == sorted(set(made))


def test_a_seed_repeats_its_ids_and_another_makes_others() -> None:
    def made(seed: int) -> list[object]:
        ids = SeededIds(seed)
        return [ids.new() for _ in range(10)]

    assert made(1) == made(1)
    assert set(made(1)).isdisjoint(made(2))
