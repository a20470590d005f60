"""Workers hear of an effect at once; a Redis that is gone costs a warning and nothing else."""

import asyncio
import threading
import time
from uuid import UUID, uuid4

import dramatiq
import pytest

from infra.queue.dramatiq_broker import ACTOR, QUEUE, EffectQueue, build_broker
from tests.kit.stack import PrivateRedis

pytestmark = pytest.mark.integration


class Heard:
    """What a worker's actor was called with, and when."""

    def __init__(self) -> None:
        self.ids: list[UUID] = []
        self.at: list[float] = []
        self._some = threading.Condition()

    def perform(self, effect_id: str) -> None:
        with self._some:
            self.ids.append(UUID(effect_id))
            self.at.append(time.monotonic())
            self._some.notify_all()

    def wait(self, count: int, seconds: float = 5.0) -> None:
        with self._some:
            assert self._some.wait_for(lambda: len(self.ids) >= count, seconds), self.ids


def worker(url: str, heard: Heard) -> dramatiq.Worker:
    broker = build_broker(url)
    dramatiq.actor(broker=broker, actor_name=ACTOR, queue_name=QUEUE)(heard.perform)
    return dramatiq.Worker(broker, worker_threads=2)


async def test_a_waiting_worker_hears_of_an_effect_within_moments(private_redis: PrivateRedis) -> None:
    heard, queue = Heard(), EffectQueue(build_broker(private_redis.url))
    working = worker(private_redis.url, heard)
    working.start()
    try:
        ids, told = [], []
        for number in range(5):
            await asyncio.sleep(0.6)  # long enough for dramatiq's own pauses to have grown
            ids.append(uuid4())
            told.append(time.monotonic())
            await queue.wake(ids[-1])
            await asyncio.to_thread(heard.wait, number + 1)
    finally:
        working.stop(2000)
    assert heard.ids == ids
    delays = sorted(at - since for at, since in zip(heard.at, told, strict=True))
    assert delays[2] < 0.1, delays


async def test_more_effects_than_threads_are_all_performed(private_redis: PrivateRedis) -> None:
    heard, queue = Heard(), EffectQueue(build_broker(private_redis.url))
    ids = {uuid4() for _ in range(50)}
    for effect_id in ids:
        await queue.wake(effect_id)
    working = worker(private_redis.url, heard)
    working.start()
    try:
        await asyncio.to_thread(heard.wait, 50)
    finally:
        working.stop(2000)
    assert set(heard.ids) == ids


async def test_a_redis_that_is_gone_stops_nobody_and_workers_go_on_when_it_is_back(
    private_redis: PrivateRedis,
) -> None:
    heard, queue = Heard(), EffectQueue(build_broker(private_redis.url))
    working = worker(private_redis.url, heard)
    working.start()
    try:
        private_redis.stop()
        begun = time.monotonic()
        await queue.wake(uuid4())
        assert time.monotonic() - begun < 2
        private_redis.start()
        last = uuid4()
        await queue.wake(last)
        await asyncio.to_thread(heard.wait, 1, 15.0)
        assert last in heard.ids
    finally:
        working.stop(2000)
