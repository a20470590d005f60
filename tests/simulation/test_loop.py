"""The loop of the simulation: chance is the seed's, time jumps, and a program can be stopped at any await."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.simulation.chances import Chance
from tests.simulation.loop import NobodyWakes, Program, SeededLoop, TooManySteps, start


def on_loop(main: Coroutine[Any, Any, Any], seed: int = 1, budget: int = 10_000) -> Any:
    loop = SeededLoop(Chance(seed, "loop"), budget)
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


async def race() -> str:
    """Who comes first, of three who are all ready."""
    order: list[str] = []

    async def one(name: str) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
            order.append(name)

    async with asyncio.TaskGroup() as tasks:
        for name in "abc":
            tasks.create_task(one(name))
    return "".join(order)


def test_who_comes_first_is_the_seeds_choice_and_the_same_seed_chooses_again() -> None:
    orders = {seed: on_loop(race(), seed) for seed in range(20)}
    assert len(set(orders.values())) > 10
    assert orders == {seed: on_loop(race(), seed) for seed in range(20)}


def test_time_jumps_to_the_next_timer() -> None:
    async def main() -> float:
        await asyncio.sleep(3600.0)
        return asyncio.get_running_loop().time()

    assert 3600.0 <= on_loop(main()) < 3600.1


def test_waiting_for_what_nobody_does_ends_the_run() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    loop = SeededLoop(Chance(1, "loop"))
    waiting = loop.create_task(main())
    with pytest.raises(NobodyWakes):
        loop.run_until_complete(waiting)
    loop.call_soon(waiting.cancel)
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(waiting)
    loop.close()


def test_turning_without_end_ends_the_run() -> None:
    async def main() -> None:
        while True:  # noqa: ASYNC110 that is the point
            await asyncio.sleep(0)

    loop = SeededLoop(Chance(1, "loop"), 100)
    turning = loop.create_task(main())
    with pytest.raises(TooManySteps):
        loop.run_until_complete(turning)
    loop.spend()
    loop.call_soon(turning.cancel)
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(turning)
    loop.close()


def test_a_killed_program_takes_no_further_step_not_even_its_finally() -> None:
    async def main() -> list[str]:
        done: list[str] = []
        program = Program("killed")

        async def work() -> None:
            try:
                await asyncio.sleep(1.0)
                done.append("worked")
            finally:
                done.append("cleaned up")

        task = start(program, work())
        await asyncio.sleep(0.5)
        program.killed = True
        await asyncio.sleep(10.0)
        before = list(done)
        program.killed = False
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SeededLoop)
        loop.thaw(program)
        await task
        return before

    assert on_loop(main()) == []


def test_a_frozen_program_goes_on_late_while_time_has_passed() -> None:
    async def main() -> float:
        program = Program("frozen")
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SeededLoop)

        async def work() -> float:
            await asyncio.sleep(1.0)
            return loop.time()

        task = start(program, work())
        await asyncio.sleep(0.5)
        program.frozen = True
        await asyncio.sleep(10.0)
        loop.thaw(program)
        woken: float = await task
        return woken

    assert on_loop(main()) >= 10.5
