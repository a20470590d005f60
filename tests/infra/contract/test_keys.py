"""Data keys of people: made once, found while they live, destroyed for ever. The same of the database and its twin."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.memory.keys import MemoryKeys
from infra.ports import KeyDestroyed, Keys, Unavailable
from infra.postgres.keys import CACHED, KeyUnreadable, PostgresKeys
from infra.postgres.pool import open_pool
from tests.kit.stack import Stores

KEK = b"k" * 32


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.integration)])
async def keys(request: pytest.FixtureRequest) -> AsyncIterator[Keys]:
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield MemoryKeys()
        else:
            stores: Stores = request.getfixturevalue("stores")
            yield PostgresKeys(await stack.enter_async_context(open_pool(stores.keys_url, 4)), KEK)


@pytest.fixture
async def pool(stores: Stores) -> AsyncIterator[Any]:
    async with open_pool(stores.keys_url, 8) as opened:
        yield opened


@pytest.fixture
async def stores_keys(pool: Any) -> tuple[Keys, Keys]:
    """Of two processes over one database."""
    return PostgresKeys(pool, KEK), PostgresKeys(pool, KEK)


async def test_a_key_is_made_once_and_found_by_its_id(keys: Keys) -> None:
    subject = uuid4()
    made = await keys.make(subject)
    assert (made.subject, len(made.secret), await keys.make(subject)) == (subject, 32, made)
    assert await keys.find([made.key_id]) == {made.key_id: made}


async def test_each_person_has_another_key(keys: Keys) -> None:
    first, second = await keys.make(uuid4()), await keys.make(uuid4())
    assert first.secret != second.secret
    assert await keys.find([first.key_id, second.key_id, uuid4()]) == {first.key_id: first, second.key_id: second}


async def test_a_destroyed_key_is_gone_for_ever(keys: Keys) -> None:
    subject = uuid4()
    made = await keys.make(subject)
    for _ in range(2):
        await keys.destroy(subject)
    assert await keys.find([made.key_id]) == {}
    with pytest.raises(KeyDestroyed):
        await keys.make(subject)


async def test_a_person_erased_before_any_key_was_made_never_gets_one(keys: Keys) -> None:
    subject = uuid4()
    await keys.destroy(subject)
    with pytest.raises(KeyDestroyed):
        await keys.make(subject)


async def test_keys_that_are_made_together_are_those_that_each_would_get(keys: Keys) -> None:
    old, new, erased = uuid4(), uuid4(), uuid4()
    before = await keys.make(old)
    await keys.destroy(erased)
    for _ in range(2):
        await keys.make_all([old, new, erased])
    made = await keys.make(new)
    assert await keys.make(old) == before
    assert await keys.find([before.key_id, made.key_id]) == {before.key_id: before, made.key_id: made}
    with pytest.raises(KeyDestroyed):
        await keys.make(erased)


@pytest.mark.integration
async def test_two_who_make_the_same_keys_together_get_the_same(stores_keys: tuple[Keys, Keys]) -> None:
    subjects = [uuid4() for _ in range(20)]
    first, second = stores_keys
    await asyncio.gather(first.make_all(subjects), second.make_all(subjects[::-1]))
    assert [await first.make(each) for each in subjects] == [await second.make(each) for each in subjects]


async def test_many_who_make_the_first_key_at_once_get_the_same(keys: Keys) -> None:
    subject = uuid4()
    made = await asyncio.gather(*(keys.make(subject) for _ in range(20)))
    assert len(set(made)) == 1


async def test_a_key_is_not_shown(keys: Keys) -> None:
    made = await keys.make(uuid4())
    assert repr(made.secret) not in repr(made)


@pytest.mark.integration
async def test_many_processes_that_make_the_first_key_at_once_get_the_same(pool: Any) -> None:
    subject = uuid4()
    made = await asyncio.gather(*(PostgresKeys(pool, KEK).make(subject) for _ in range(8)))
    assert len(set(made)) == 1


@pytest.mark.integration
async def test_keys_lie_wrapped_and_open_under_the_platforms_key_only(pool: Any) -> None:
    made = await PostgresKeys(pool, KEK).make(uuid4())
    async with pool.connection() as connection:
        rows = await (await connection.execute("select wrapped from data_keys")).fetchall()
    assert all(made.secret not in bytes(wrapped) for (wrapped,) in rows)
    with pytest.raises(KeyUnreadable):
        await PostgresKeys(pool, os.urandom(32)).find([made.key_id])


@pytest.mark.integration
async def test_a_wrapped_key_given_to_another_person_does_not_open(pool: Any) -> None:
    first, second = [await PostgresKeys(pool, KEK).make(uuid4()) for _ in range(2)]
    async with pool.connection() as connection:
        await connection.execute(
            "update data_keys set wrapped = (select wrapped from data_keys where key_id = %s) where key_id = %s",
            [first.key_id, second.key_id],
        )
    with pytest.raises(KeyUnreadable):
        await PostgresKeys(pool, KEK).find([second.key_id])


@pytest.mark.integration
async def test_what_another_process_destroyed_is_forgotten_after_a_minute(pool: Any) -> None:
    now = 0.0
    clock: Callable[[], float] = lambda: now  # noqa: E731
    here, elsewhere = PostgresKeys(pool, KEK, clock), PostgresKeys(pool, KEK)
    subject = uuid4()
    made = await here.make(subject)
    await elsewhere.destroy(subject)
    assert await here.find([made.key_id]) == {made.key_id: made}
    now += CACHED
    assert await here.find([made.key_id]) == {}
    with pytest.raises(KeyDestroyed):
        await here.make(subject)


@pytest.mark.integration
async def test_what_is_told_as_erased_is_forgotten_at_once(pool: Any) -> None:
    here, subject = PostgresKeys(pool, KEK), uuid4()
    made = await here.make(subject)
    await PostgresKeys(pool, KEK).destroy(subject)
    here.forget(subject)
    assert await here.find([made.key_id]) == {}


@pytest.mark.integration
async def test_a_keys_database_that_is_away_is_told(pool: Any) -> None:
    keys = PostgresKeys(pool, KEK)
    await pool.close()
    with pytest.raises(Unavailable):
        await keys.make(UUID(int=1))
