"""When does the breaker refuse, and when does it try again?"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from infra.ports import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from infra.resilience.breaker import Breaker


class HandClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    async def now(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Outside:
    """Somebody else's computer; counts how often it was called."""

    def __init__(self) -> None:
        self.calls = 0

    async def works(self) -> str:
        self.calls += 1
        return "done"

    async def fails(self) -> str:
        self.calls += 1
        raise OutcomeUnknown("status 500")

    async def refuses(self) -> str:
        self.calls += 1
        raise ProviderRefused("no")

    async def hangs(self) -> str:
        self.calls += 1
        await asyncio.sleep(60)
        return "late"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def breaker(clock: HandClock) -> Breaker:
    return Breaker(clock, "stripe")


async def fail(breaker: Breaker, outside: Outside, times: int) -> None:
    for _ in range(times):
        with pytest.raises(OutcomeUnknown):
            await breaker.run(outside.fails)


async def work(breaker: Breaker, outside: Outside, times: int) -> None:
    for _ in range(times):
        assert await breaker.run(outside.works) == "done"


async def is_refused(breaker: Breaker) -> bool:
    outside = Outside()
    try:
        await breaker.run(outside.works)
    except ProviderUnavailable:
        assert outside.calls == 0
        return True
    return False


async def test_it_opens_at_half(breaker: Breaker) -> None:
    outside = Outside()
    await work(breaker, outside, 5)
    await fail(breaker, outside, 4)
    assert breaker.state.value == "CLOSED"
    await fail(breaker, outside, 1)
    assert breaker.state.value == "OPEN"
    assert await is_refused(breaker)


async def test_below_half_it_stays_closed(breaker: Breaker) -> None:
    outside = Outside()
    for _ in range(20):
        await work(breaker, outside, 2)
        await fail(breaker, outside, 1)
    assert breaker.state.value == "CLOSED"


async def test_a_few_calls_prove_nothing(breaker: Breaker) -> None:
    await fail(breaker, Outside(), 9)
    assert not await is_refused(breaker)


async def test_what_is_older_than_the_window_is_forgotten(breaker: Breaker, clock: HandClock) -> None:
    await fail(breaker, Outside(), 9)
    clock.pass_by(10.1)
    await fail(breaker, Outside(), 9)
    assert breaker.state.value == "CLOSED"


async def test_a_refusal_is_an_answer(breaker: Breaker) -> None:
    outside = Outside()
    for _ in range(20):
        with pytest.raises(ProviderRefused):
            await breaker.run(outside.refuses)
    assert breaker.state.value == "CLOSED"


async def test_open_it_says_when_to_come_back(breaker: Breaker, clock: HandClock) -> None:
    await fail(breaker, Outside(), 10)
    clock.pass_by(12)
    with pytest.raises(ProviderUnavailable) as refused:
        await breaker.run(Outside().works)
    assert refused.value.retry_after == 18


async def test_after_the_rest_one_probe_closes_it(breaker: Breaker, clock: HandClock) -> None:
    await fail(breaker, Outside(), 10)
    clock.pass_by(29.9)
    assert await is_refused(breaker)
    clock.pass_by(0.2)
    assert not await is_refused(breaker)
    assert breaker.state.value == "CLOSED"
    await fail(breaker, Outside(), 9)
    assert breaker.state.value == "CLOSED"


async def test_a_failed_probe_opens_it_for_another_rest(breaker: Breaker, clock: HandClock) -> None:
    await fail(breaker, Outside(), 10)
    clock.pass_by(30)
    await fail(breaker, Outside(), 1)
    assert breaker.state.value == "OPEN"
    clock.pass_by(29)
    assert await is_refused(breaker)


async def test_while_the_probe_is_out_nobody_else_goes(breaker: Breaker, clock: HandClock) -> None:
    await fail(breaker, Outside(), 10)
    clock.pass_by(30)
    outside = Outside()
    probe = asyncio.create_task(breaker.run(outside.hangs))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert breaker.state.value == "PROBING"
    answers = await asyncio.gather(*(is_refused(breaker) for _ in range(20)))
    assert all(answers)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)


async def test_a_cancelled_probe_leaves_the_next_one_to_try(breaker: Breaker, clock: HandClock) -> None:
    await fail(breaker, Outside(), 10)
    clock.pass_by(30)
    probe = asyncio.create_task(breaker.run(Outside().hangs))
    await asyncio.sleep(0.01)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    assert breaker.state.value == "OPEN"
    assert not await is_refused(breaker)


async def test_too_slow_is_in_doubt_and_counts(breaker: Breaker) -> None:
    outside = Outside()
    for _ in range(10):
        with pytest.raises(OutcomeUnknown):
            await breaker.run(outside.hangs, 0.01)
    assert breaker.state.value == "OPEN"


async def test_half_of_a_thousand_at_once_open_it(breaker: Breaker) -> None:
    outside = Outside()
    calls = [breaker.run(outside.fails if n % 2 else outside.works) for n in range(1000)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert breaker.state.value == "OPEN"
    assert any(isinstance(answer, OutcomeUnknown) for answer in answers)
