"""What do the senders of commands hear when PostgreSQL stands still under them?"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID, uuid4

import pytest

from infra.clock import SystemClock
from infra.codec.json_codec import Codec
from infra.event_log.appender import GroupAppender
from infra.event_log.chain import event_digest
from infra.event_log.reader import PostgresLogReader
from infra.ids import Uuid7Ids
from infra.memory.keys import MemoryKeys
from infra.ports import Unavailable
from infra.postgres.pool import open_pool
from tests.kit.frozen import Frozen
from tests.kit.stack import Stores
from tests.write_model.handling.tally import EVENTS, LIMIT, REGISTRY, Count
from tests.write_model.handling.world import OPERATOR
from write_model.handling.bus import Answer, Bus, Request, build_bus
from write_model.handling.failures import NotNow

LONGEST = 3.5  # seconds that anybody may wait
SENDERS = 24
SHARED = LIMIT  # of them want the same tally, one after the other

pytestmark = pytest.mark.integration


@asynccontextmanager
async def a_bus(url: str) -> AsyncIterator[Bus]:
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(url, 4))
        reader = await stack.enter_async_context(PostgresLogReader(pool))
        appender = await stack.enter_async_context(GroupAppender(url))
        yield build_bus(
            appender=appender,
            reader=reader,
            codec=Codec(EVENTS),
            keys=MemoryKeys(),
            clock=SystemClock(),
            ids=Uuid7Ids(),
            digest=event_digest,
            registry=REGISTRY,
            chance=lambda: 0.5,
            pepper=b"pepper",
        )


async def send(bus: Bus, tally_id: UUID, key: str) -> Answer:
    return await bus.handle(Request(command=Count(tally_id=tally_id), caller="operator:test", actor=OPERATOR, key=key))


async def test_every_sender_is_told_in_time_and_a_repeated_key_has_one_outcome(stores: Stores) -> None:
    async with Frozen(stores.postgres_url) as way, a_bus(way.url) as bus:
        shared = uuid4()
        intents = [(shared if number % SENDERS < SHARED else uuid4(), f"key-{number}") for number in range(SENDERS)]
        for tally_id, _ in intents:
            await bus.state(f"tally-{tally_id}")

        async def sent(tally_id: UUID, key: str) -> tuple[object, float]:
            begun = time.monotonic()
            try:
                told: object = await send(bus, tally_id, key)
            except (NotNow, Unavailable) as failure:
                told = failure
            return told, time.monotonic() - begun

        way.flowing.clear()
        first = await asyncio.gather(*(sent(*intent) for intent in intents))
        later = await asyncio.gather(*(sent(uuid4(), f"later-{number}") for number in range(SENDERS)))
        way.flowing.set()  # what was on its way arrives now, and is done

        assert all(isinstance(told, NotNow | Unavailable) for told, _ in (*first, *later))
        assert max(seconds for _, seconds in (*first, *later)) < LONGEST
        answers = [await repeated(bus, *intent) for intent in intents]
        again = [await repeated(bus, *intent) for intent in intents]
        assert [answer.position for answer in again] == [answer.position for answer in answers]
        assert all(answer.replayed for answer in again)
        assert len({answer.position for answer in answers}) == SENDERS


async def test_the_lost_answer_is_found_in_the_log_as_soon_as_one_connection_is_answered(stores: Stores) -> None:
    async with Frozen(stores.postgres_url) as way, a_bus(way.url) as bus:
        tally_id = uuid4()
        await send(bus, tally_id, "first")
        way.flowing.clear()
        waiting = asyncio.create_task(send(bus, tally_id, "second"))
        await asyncio.sleep(2.2)  # the append's connection has been given up by now, its outcome not yet
        way.flowing.set()

        answer = await waiting
        assert not answer.replayed
        assert (await send(bus, tally_id, "second")).position == answer.position


async def repeated(bus: Bus, tally_id: UUID, key: str) -> Answer:
    async with asyncio.timeout(10):
        while True:
            try:
                return await send(bus, tally_id, key)
            except (NotNow, Unavailable):
                await asyncio.sleep(0.05)
