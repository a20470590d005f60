"""The log and its twin, as both suites of the contract see them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from infra.event_log.appender import GroupAppender
from infra.event_log.reader import PostgresLogReader
from infra.memory.log import MemoryLog
from infra.ports import Appender, LogReader
from infra.postgres.pool import open_pool
from tests.kit.stack import Stores


@dataclass
class Log:
    """Both faces of one log, and a second reader that has cached nothing."""

    appender: Appender
    reader: LogReader
    again: Callable[[], LogReader]


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.integration)])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[Log]:
    if request.param == "memory":
        memory = MemoryLog(queue=20)
        yield Log(memory, memory, lambda: memory)
        return
    stores: Stores = request.getfixturevalue("stores")
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(stores.postgres_url, 4))
        reader = await stack.enter_async_context(PostgresLogReader(pool))
        appender = await stack.enter_async_context(GroupAppender(stores.postgres_url, queue=20))
        yield Log(appender, reader, lambda: PostgresLogReader(pool))
