"""Schema `work` and its twin, as their contract is tried on both."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from infra.memory.clock import VirtualClock
from infra.memory.work import MemoryLeases, MemoryWork
from infra.ports import Leases, WorkStore
from infra.postgres.pool import open_pool
from infra.postgres.work_store import PostgresLeases, PostgresWorkStore
from tests.kit.stack import Stores

PROCESS = "collect_payment"


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
