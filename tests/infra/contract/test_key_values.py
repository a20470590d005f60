"""What the key-value store promises: memory and Redis pass the same suite."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from infra.memory.key_values import MemoryKeyValues
from infra.ports import Copy, KeyValueStore, Unavailable
from infra.redis.key_values import RedisKeyValues, open_redis
from tests.kit.stack import PrivateRedis, Stores

VIEW, KEY = "orders_v1", "order:a"
REAL = pytest.param("redis", marks=pytest.mark.integration)


@pytest.fixture(params=["memory", REAL])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[KeyValueStore]:
    if request.param == "memory":
        yield MemoryKeyValues()
        return
    stores: Stores = request.getfixturevalue("stores")
    redis = open_redis(stores.redis_url)
    yield RedisKeyValues(redis)
    await redis.aclose()


def a_copy(position: int, body: bytes | None = b'{"a|b":1}', key: str = KEY) -> Copy:
    return Copy(key, position, body, 3600)


async def seen(store: KeyValueStore, key: str = KEY) -> tuple[int, int | None, bytes | None]:
    """What is covered, and the copy's position and body."""
    [cached] = await store.get(VIEW, [key])
    copy = cached.copy
    return (cached.covered, None, None) if copy is None else (cached.covered, copy.position, copy.body)


async def test_nothing_is_known_before_an_epoch_begins(store: KeyValueStore) -> None:
    [cached] = await store.get(VIEW, [KEY])
    assert (cached.epoch, cached.copy) == (None, None)
    assert not await store.put_newer(VIEW, "epoch", [a_copy(1)], 1)


async def test_a_copy_comes_back_with_its_position_and_what_is_covered(store: KeyValueStore) -> None:
    epoch = await store.begin(VIEW, 4)
    assert await store.put_newer(VIEW, epoch, [a_copy(5), a_copy(6, b"{}", "order:b")], 7, 4)
    assert await seen(store) == (7, 5, b'{"a|b":1}')
    both = await store.get(VIEW, [KEY, "order:b", "order:c"])
    assert [None if cached.copy is None else cached.copy.position for cached in both] == [5, 6, None]


async def test_an_older_copy_changes_nothing(store: KeyValueStore) -> None:
    epoch = await store.begin(VIEW, 0)
    await store.put_newer(VIEW, epoch, [a_copy(9, b"new")], 9)
    assert await store.put_newer(VIEW, epoch, [a_copy(8, b"old"), a_copy(9, b"again")], None)
    assert await seen(store) == (9, 9, b"new")


async def test_a_copy_without_a_body_removes_the_key(store: KeyValueStore) -> None:
    epoch = await store.begin(VIEW, 0)
    await store.put_newer(VIEW, epoch, [a_copy(3)], 3)
    await store.put_newer(VIEW, epoch, [a_copy(4, None)], 4)
    assert await seen(store) == (4, None, None)


async def test_copies_of_an_epoch_that_has_passed_are_void_and_refused(store: KeyValueStore) -> None:
    first = await store.begin(VIEW, 0)
    await store.put_newer(VIEW, first, [a_copy(3)], 3)
    second = await store.begin(VIEW, 3)
    assert first != second
    assert await seen(store) == (3, None, None)
    assert not await store.put_newer(VIEW, first, [a_copy(4)], 4)
    assert await store.put_newer(VIEW, second, [a_copy(2, b"older, in a new epoch")], None)
    assert (await seen(store))[1] == 2


async def test_who_has_seen_another_covered_writes_nothing(store: KeyValueStore) -> None:
    epoch = await store.begin(VIEW, 5)
    await store.put_newer(VIEW, epoch, [], 6, 5)
    assert not await store.put_newer(VIEW, epoch, [a_copy(5)], None, 5)
    assert await seen(store) == (6, None, None)
    assert await store.put_newer(VIEW, epoch, [a_copy(5)], None, 6)


async def test_views_do_not_know_of_each_other(store: KeyValueStore) -> None:
    epoch = await store.begin(VIEW, 5)
    assert not await store.put_newer("carts_v1", epoch, [a_copy(5)], 5)
    await store.begin("carts_v1", 9)
    assert (await seen(store))[0] == 5


async def test_a_nudge_is_heard_by_who_listens(store: KeyValueStore) -> None:
    listening = aiter(store.nudges("changes"))
    heard = asyncio.ensure_future(anext(listening))
    async with asyncio.timeout(5):
        while not heard.done():
            await store.nudge("changes", 42)
            await asyncio.sleep(0.02)
    assert await heard == 42


@pytest.mark.integration
async def test_copies_run_out(stores: Stores) -> None:
    redis: Redis = open_redis(stores.redis_url)
    store = RedisKeyValues(redis)
    epoch = await store.begin(VIEW, 0)
    await store.put_newer(VIEW, epoch, [a_copy(1)], 1)
    assert 3590 <= await redis.ttl(KEY) <= 3600
    await redis.aclose()


@pytest.mark.integration
async def test_a_store_that_is_stopped_says_so_at_once_and_comes_back_by_itself(private_redis: PrivateRedis) -> None:
    redis = open_redis(private_redis.url)
    store = RedisKeyValues(redis)
    await store.begin(VIEW, 1)
    private_redis.stop()
    loop = asyncio.get_running_loop()
    with pytest.raises(Unavailable):
        await store.get(VIEW, [KEY])
    begun = loop.time()
    for _ in range(100):
        with pytest.raises(Unavailable):
            await store.get(VIEW, [KEY])
    assert loop.time() - begun < 0.1
    private_redis.start()
    async with asyncio.timeout(5):
        while True:
            try:
                assert len(await store.get(VIEW, [KEY])) == 1
                break
            except Unavailable:
                await asyncio.sleep(0.05)
    await redis.aclose()
