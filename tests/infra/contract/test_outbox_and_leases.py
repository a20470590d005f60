"""Do the outbox and the leases keep one contract, in PostgreSQL and in memory?"""

import asyncio
from uuid import UUID, uuid4

import pytest

from infra.ports import Fenced, NewEffect
from tests.infra.contract.work_worlds import PROCESS as P
from tests.infra.contract.work_worlds import Stored


def effect(effect_id: UUID | None = None, key: str = "a") -> NewEffect:
    return NewEffect(effect_id or uuid4(), P, key, "authorise", f"key-{key}", b'{"payment_id": "p"}')


async def saved(stored: Stored, *effects: NewEffect) -> None:
    await stored.work.save(P, 1, 1, [], [], effects)


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


async def test_a_worker_that_was_started_again_ends_its_own_leases_and_what_it_was_before_is_fenced(
    stored: Stored,
) -> None:
    own, others = effect(key="a"), effect(key="b")
    await saved(stored, own, others)
    before = await stored.work.take_effect(own.id, "w1", 30)
    assert before is not None
    assert await stored.work.take_effect(others.id, "w2", 30) is not None

    assert await stored.work.end_leases("w1") == 1

    assert await stored.work.due_effects(10) == [own.id]
    assert await stored.work.end_leases("w1") == 0
    taken = await stored.work.take_effect(own.id, "w3", 30)
    assert taken is not None
    with pytest.raises(Fenced):
        await stored.work.finish_effect(own.id, before.fence, "SUCCEEDED", b"{}")
