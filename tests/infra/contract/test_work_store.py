"""Do schema `work` and its twin in memory keep one contract?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from infra.memory.clock import VirtualClock
from infra.memory.work import MemoryLeases, MemoryWork
from infra.ports import Fenced, Leases, NewEffect, ProcessRow, Timer, Unavailable, WorkStore
from infra.postgres.pool import open_pool
from infra.postgres.work_store import PostgresLeases, PostgresWorkStore
from tests.kit.stack import Stores

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
P = "collect_payment"


@dataclass
class Stored:
    work: WorkStore
    leases: Leases
    passes: Callable[[float], Awaitable[None]]  # so many seconds, on the store's own clock


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.integration)])
async def stored(request: pytest.FixtureRequest) -> AsyncIterator[Stored]:
    if request.param == "memory":
        clock = VirtualClock()

        async def moved(seconds: float) -> None:
            clock.advance(seconds)

        yield Stored(MemoryWork(clock), MemoryLeases(clock), moved)
        return
    stores: Stores = request.getfixturevalue("stores")
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(stores.postgres_url, 4))
        yield Stored(PostgresWorkStore(pool), PostgresLeases(pool), asyncio.sleep)


def row(key: str = "a", state: bytes = b'{"n": 1}', **fields: object) -> ProcessRow:
    return replace(ProcessRow(key, 1, state), **fields)  # type: ignore[arg-type]


def timer(key: str = "a", name: str = "expire", at: datetime = NOON) -> Timer:
    return Timer(P, key, name, at)


def effect(effect_id: UUID | None = None, key: str = "a") -> NewEffect:
    return NewEffect(effect_id or uuid4(), P, key, "authorise", f"key-{key}", b'{"payment_id": "p"}')


async def saved(stored: Stored, *effects: NewEffect) -> None:
    await stored.work.save(P, 1, 1, [], [], effects)


# ---------------------------------------------------------------- states and positions


async def test_what_is_saved_is_loaded(stored: Stored) -> None:
    deadline = NOON + timedelta(minutes=15)
    await stored.work.save(P, 1, 7, [row(deadline=deadline), row("b", b"{}")], [], [])

    assert await stored.work.position(P) == 7
    loaded = await stored.work.load(P, ["a", "b", "missing"])
    assert set(loaded) == {"a", "b"}
    assert (loaded["a"].state, loaded["a"].version, loaded["a"].deadline) == (b'{"n": 1}', 1, deadline)


async def test_a_process_that_has_saved_nothing_begins_at_0(stored: Stored) -> None:
    assert await stored.work.position(P) == 0
    assert await stored.work.load(P, ["a"]) == {}
    assert await stored.work.load(P, []) == {}


async def test_processes_do_not_see_each_other(stored: Stored) -> None:
    await stored.work.save(P, 1, 7, [row()], [timer()], [])

    assert await stored.work.position("refund_payment") == 0
    assert await stored.work.load("refund_payment", ["a"]) == {}
    assert await stored.work.due_timers("refund_payment", NOON, 10) == []


async def test_a_row_is_replaced_and_of_two_for_one_key_the_last_stands(stored: Stored) -> None:
    await stored.work.save(P, 1, 1, [row()], [], [])
    await stored.work.save(P, 1, 2, [row(state=b'{"n": 2}'), row(state=b'{"n": 3}')], [], [])

    assert (await stored.work.load(P, ["a"]))["a"].state == b'{"n": 3}'


async def test_an_older_fence_saves_nothing_at_all(stored: Stored) -> None:
    await stored.work.save(P, 2, 5, [], [], [])

    late = effect()
    with pytest.raises(Fenced):
        await stored.work.save(P, 1, 6, [row()], [timer()], [late])

    assert await stored.work.position(P) == 5
    assert await stored.work.load(P, ["a"]) == {}
    assert await stored.work.due_timers(P, NOON, 10) == []
    assert await stored.work.take_effect(late.id, "w", 10) is None


async def test_a_position_never_goes_back(stored: Stored) -> None:
    await stored.work.save(P, 1, 5, [], [], [])
    with pytest.raises(Fenced):
        await stored.work.save(P, 1, 4, [row()], [], [])
    assert await stored.work.load(P, ["a"]) == {}


async def test_of_two_that_save_at_once_the_older_one_is_fenced_sooner_or_later(stored: Stored) -> None:
    async def save(fence: int) -> None:
        for position in range(1, 20):
            await stored.work.save(P, fence, position + 100 * fence, [row(state=b"%d" % fence)], [], [])

    outcomes = await asyncio.gather(save(1), save(2), return_exceptions=True)

    assert outcomes[1] is None
    assert (await stored.work.load(P, ["a"]))["a"].state == b"2"
    assert await stored.work.position(P) == 219


# ---------------------------------------------------------------- timers


async def test_timers_ring_in_the_order_of_their_times(stored: Stored) -> None:
    later, sooner, future = timer("b"), timer("a", at=NOON - timedelta(hours=1)), timer("c", at=NOON + timedelta(1))
    await stored.work.save(P, 1, 1, [], [later, future, sooner], [])

    assert await stored.work.due_timers(P, NOON, 10) == [sooner, later]
    assert await stored.work.due_timers(P, NOON, 1) == [sooner]


async def test_a_later_wish_of_the_same_name_replaces_a_timer(stored: Stored) -> None:
    await stored.work.save(P, 1, 1, [], [timer()], [])
    moved = timer(at=NOON + timedelta(minutes=30))
    await stored.work.save(P, 1, 2, [], [timer(at=NOON + timedelta(minutes=5)), moved], [])

    assert await stored.work.due_timers(P, NOON + timedelta(minutes=29), 10) == []
    assert await stored.work.due_timers(P, NOON + timedelta(minutes=30), 10) == [moved]


async def test_a_timer_that_rang_is_gone_and_one_that_was_moved_meanwhile_is_not(stored: Stored) -> None:
    rang, moved = timer("a"), timer("b")
    await stored.work.save(P, 1, 1, [], [rang, moved], [])
    again = timer("b", at=NOON + timedelta(minutes=1))

    await stored.work.save(P, 1, 1, [], [again], [], [rang, moved])

    assert await stored.work.due_timers(P, NOON + timedelta(days=1), 10) == [again]


# ---------------------------------------------------------------- parked keys


async def test_a_parked_key_is_shown_and_its_timers_wait(stored: Stored) -> None:
    await stored.work.save(P, 1, 9, [row(parked_at=4, last_error="Unforeseen")], [timer(), timer("b")], [])

    (parked,) = await stored.work.parked()
    assert (parked.name, parked.key, parked.position, parked.error) == (P, "a", 4, "Unforeseen")
    assert await stored.work.due_timers(P, NOON, 10) == [timer("b")]
    assert await stored.work.released(P) == []


async def test_a_key_that_was_let_go_is_found_by_its_runner(stored: Stored) -> None:
    await stored.work.save(P, 1, 9, [row(parked_at=4, last_error="Unforeseen"), row("b")], [], [])

    await stored.work.release(P, "a")
    await stored.work.release(P, "b")  # was never parked: nothing happens

    assert await stored.work.parked() == []
    (released,) = await stored.work.released(P)
    assert (released.key, released.position) == ("a", 4)
    await stored.work.save(P, 1, 9, [row()], [], [])
    assert await stored.work.released(P) == []


# ---------------------------------------------------------------- effects


async def test_an_effect_is_leased_by_one_and_closed(stored: Stored) -> None:
    wished = effect()
    await saved(stored, wished)
    assert await stored.work.due_effects(10) == [wished.id]

    taken = await stored.work.take_effect(wished.id, "w1", 30)
    assert taken is not None
    assert (taken.kind, taken.idempotency_key, taken.attempts) == ("authorise", "key-a", 1)
    assert taken.payload == wished.payload
    assert await stored.work.take_effect(wished.id, "w2", 30) is None
    assert await stored.work.due_effects(10) == []

    await stored.work.finish_effect(wished.id, taken.fence, "SUCCEEDED", b'{"ref": "pi_1"}')
    assert await stored.work.take_effect(wished.id, "w2", 30) is None
    assert await stored.work.due_effects(10) == []


async def test_of_many_that_take_an_effect_at_once_one_gets_it(stored: Stored) -> None:
    wished = effect()
    await saved(stored, wished)
    taken = await asyncio.gather(*(stored.work.take_effect(wished.id, f"w{n}", 30) for n in range(10)))
    assert sum(each is not None for each in taken) == 1


async def test_the_effect_of_a_worker_that_died_is_given_to_another_who_alone_may_close_it(stored: Stored) -> None:
    wished = effect()
    await saved(stored, wished)
    dead = await stored.work.take_effect(wished.id, "w1", 0.05)
    assert dead is not None
    await stored.passes(0.1)

    assert await stored.work.due_effects(10) == [wished.id]
    alive = await stored.work.take_effect(wished.id, "w2", 30)
    assert alive is not None
    assert (alive.attempts, alive.fence > dead.fence) == (2, True)
    with pytest.raises(Fenced):
        await stored.work.finish_effect(wished.id, dead.fence, "FAILED", b"{}")
    with pytest.raises(Fenced):
        await stored.work.retry_effect(wished.id, dead.fence, 1, "late")
    await stored.work.finish_effect(wished.id, alive.fence, "SUCCEEDED", b"{}")


async def test_an_effect_that_is_given_back_is_due_when_its_time_comes(stored: Stored) -> None:
    wished = effect()
    await saved(stored, wished)
    taken = await stored.work.take_effect(wished.id, "w1", 30)
    assert taken is not None
    await stored.work.retry_effect(wished.id, taken.fence, 0.2, "unavailable")

    assert await stored.work.due_effects(10) == []
    assert await stored.work.take_effect(wished.id, "w1", 30) is None
    await stored.passes(0.25)
    assert await stored.work.due_effects(10) == [wished.id]
    again = await stored.work.take_effect(wished.id, "w1", 30)
    assert again is not None
    assert again.attempts == 2


async def test_the_same_effect_is_wished_for_once(stored: Stored) -> None:
    wished = effect()
    await saved(stored, wished)
    taken = await stored.work.take_effect(wished.id, "w1", 30)
    assert taken is not None
    await stored.work.finish_effect(wished.id, taken.fence, "SUCCEEDED", b"{}")

    await stored.work.save(P, 1, 2, [], [], [wished])

    assert await stored.work.due_effects(10) == []


async def test_an_effect_that_nobody_wished_for_is_nobodys(stored: Stored) -> None:
    assert await stored.work.take_effect(uuid4(), "w1", 30) is None
    with pytest.raises(Fenced):
        await stored.work.finish_effect(uuid4(), 1, "SUCCEEDED", b"{}")


# ---------------------------------------------------------------- leases


async def test_a_lease_is_held_by_one_until_it_is_given_back(stored: Stored) -> None:
    first = await stored.leases.take("process:x", "w1", 30)
    assert first is not None
    assert await stored.leases.take("process:x", "w2", 30) is None

    await stored.leases.give("process:x", first)

    second = await stored.leases.take("process:x", "w2", 30)
    assert second is not None
    assert second > first


async def test_a_lease_that_ran_out_passes_to_another_and_the_first_cannot_renew_it(stored: Stored) -> None:
    first = await stored.leases.take("process:x", "w1", 0.05)
    assert first is not None
    await stored.passes(0.1)
    second = await stored.leases.take("process:x", "w2", 30)
    assert second is not None
    assert second > first
    assert not await stored.leases.renew("process:x", first, 30)
    await stored.leases.give("process:x", first)  # it is no longer the first one's to give
    assert await stored.leases.take("process:x", "w3", 30) is None


async def test_a_lease_is_kept_by_renewing_it(stored: Stored) -> None:
    fence = await stored.leases.take("process:x", "w1", 0.2)
    assert fence is not None
    await stored.passes(0.1)
    assert await stored.leases.renew("process:x", fence, 30)
    await stored.passes(0.15)
    assert await stored.leases.take("process:x", "w2", 30) is None


async def test_the_same_worker_takes_its_own_lease_again_with_a_higher_fence(stored: Stored) -> None:
    first = await stored.leases.take("process:x", "w1", 30)
    second = await stored.leases.take("process:x", "w1", 30)
    assert first is not None
    assert second is not None
    assert second > first


@pytest.mark.integration
async def test_a_database_that_is_gone_is_told_in_the_ports_word() -> None:
    async with open_pool("postgresql://127.0.0.1:1/nowhere?connect_timeout=1", 1) as pool:
        pool.timeout = 0.2
        with pytest.raises(Unavailable):
            await PostgresWorkStore(pool).position(P)
        with pytest.raises(Unavailable):
            await PostgresLeases(pool).take("process:x", "w1", 1)
