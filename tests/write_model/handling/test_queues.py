"""Turns on streams: in order, without circles, and with others let in."""

import asyncio

import pytest

from write_model.handling.queues import COURTESY, LONGEST_ROW, ROW, SHORTEST, Queues
from write_model.handling.waiting import FIRST, LONGEST, backoff


class Pauses:
    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


async def in_turns(queues: Queues, times: int, name: str = "a") -> None:
    async def one() -> None:
        await queues.take([name])
        await asyncio.sleep(0)
        queues.give([name])

    await asyncio.gather(*(one() for _ in range(times)))


async def test_who_came_first_goes_first() -> None:
    queues, order = Queues(Pauses()), []

    async def one(number: int) -> None:
        await queues.take(["a", "b"])
        order.append(number)
        await asyncio.sleep(0)
        queues.give(["a", "b"])

    await asyncio.gather(*(one(number) for number in range(10)))
    assert order == list(range(10))
    assert queues.try_take(["a", "b"])  # nobody is left in a queue


async def test_nothing_is_taken_when_one_of_several_is_held() -> None:
    queues = Queues(Pauses())
    assert queues.try_take(["b"])
    assert not queues.try_take(["a", "b"])
    assert queues.try_take(["a"])


async def test_a_long_row_of_turns_lets_others_in_and_less_often_while_nobody_is_seen() -> None:
    pauses = Pauses()
    await in_turns(Queues(pauses), 2 * ROW)
    assert pauses.taken == [COURTESY * SHORTEST]
    pauses.taken.clear()
    await in_turns(Queues(pauses), 10 * LONGEST_ROW)
    assert len(pauses.taken) < 15


async def test_a_pause_lasts_as_long_as_others_need_for_an_append() -> None:
    pauses = Pauses()
    queues = Queues(pauses)
    for _ in range(100):
        queues.took(0.01)
    await in_turns(queues, 2 * ROW)
    assert pauses.taken == [pytest.approx(COURTESY * 0.01, rel=0.01)]


async def test_who_has_lost_to_others_lets_them_in_more_often() -> None:
    pauses = Pauses()
    queues = Queues(pauses)

    async def one(number: int) -> None:
        await queues.take(["a"])
        await asyncio.sleep(0)
        queues.lost(["a"] if number % (2 * ROW) == 0 else [])
        queues.give(["a"])

    await asyncio.gather(*(one(number) for number in range(20 * ROW)))
    often = len(pauses.taken)
    pauses.taken.clear()
    await in_turns(Queues(pauses), 20 * ROW)
    assert often > len(pauses.taken)


async def test_a_turn_that_is_cancelled_in_the_moment_it_comes_goes_to_the_next() -> None:
    queues = Queues(Pauses())
    assert queues.try_take(["a"])
    second, third = (asyncio.create_task(queues.take(["a"])) for _ in range(2))
    await asyncio.sleep(0)
    queues.give(["a"])
    second.cancel()
    async with asyncio.timeout(1):
        await asyncio.gather(second, return_exceptions=True)
        await third


def test_pauses_double_up_to_their_longest_and_are_jittered_fully() -> None:
    assert [backoff(attempt, lambda: 1.0) for attempt in range(7)] == [
        FIRST,
        FIRST * 2,
        FIRST * 4,
        FIRST * 8,
        FIRST * 16,
        LONGEST,
        LONGEST,
    ]
    assert backoff(3, lambda: 0.0) == 0.0
