"""Do the real snapshots and their twin keep one contract?"""

from collections.abc import AsyncIterator

import pytest

from infra.event_log.snapshots import PostgresSnapshots
from infra.memory.log import MemorySnapshots
from infra.ports import Snapshot, Snapshots
from infra.postgres.pool import open_pool


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.integration)])
async def snapshots(request: pytest.FixtureRequest) -> AsyncIterator[Snapshots]:
    if request.param == "memory":
        yield MemorySnapshots()
        return
    async with open_pool(request.getfixturevalue("stores").postgres_url, 2) as pool:
        yield PostgresSnapshots(pool)


async def test_a_snapshot_is_found_again(snapshots: Snapshots) -> None:
    assert await snapshots.load("cart-a", 1) is None

    await snapshots.save("cart-a", 1, Snapshot(200, b"\x00state"))

    assert await snapshots.load("cart-a", 1) == Snapshot(200, b"\x00state")
    assert await snapshots.load("cart-b", 1) is None


async def test_a_snapshot_of_another_state_version_is_not_there(snapshots: Snapshots) -> None:
    await snapshots.save("cart-a", 1, Snapshot(200, b"old"))

    assert await snapshots.load("cart-a", 2) is None

    await snapshots.save("cart-a", 2, Snapshot(150, b"new"))

    assert await snapshots.load("cart-a", 2) == Snapshot(150, b"new")
    assert await snapshots.load("cart-a", 1) is None


async def test_an_older_snapshot_replaces_no_newer_one(snapshots: Snapshots) -> None:
    await snapshots.save("cart-a", 1, Snapshot(400, b"newer"))
    await snapshots.save("cart-a", 1, Snapshot(200, b"older"))

    assert await snapshots.load("cart-a", 1) == Snapshot(400, b"newer")
