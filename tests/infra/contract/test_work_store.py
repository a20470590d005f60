"""Do schema `work` and its twin in memory keep states, positions and timers alike?"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from infra.ports import Fenced, NewEffect, ProcessRow, Timer, Unavailable
from infra.postgres.pool import open_pool
from infra.postgres.work_store import PostgresLeases, PostgresWorkStore
from tests.infra.contract.work_worlds import PROCESS as P
from tests.infra.contract.work_worlds import Stored
from tests.kit.builders.ids import an_id

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def row(key: str = "a", state: bytes = b'{"n": 1}', **fields: object) -> ProcessRow:
    return replace(ProcessRow(key, 1, state), **fields)  # type: ignore[arg-type]


def timer(key: str = "a", name: str = "expire", at: datetime = NOON) -> Timer:
    return Timer(P, key, name, at)


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

    late = NewEffect(an_id("effect"), P, "a", "authorise", "key", b"{}")
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


@pytest.mark.integration
async def test_a_database_that_is_gone_is_told_in_the_ports_word() -> None:
    async with open_pool("postgresql://127.0.0.1:1/nowhere?connect_timeout=1", 1) as pool:
        pool.timeout = 0.2
        with pytest.raises(Unavailable):
            await PostgresWorkStore(pool).position(P)
        with pytest.raises(Unavailable):
            await PostgresLeases(pool).take("process:x", "w1", 1)
