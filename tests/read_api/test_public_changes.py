"""The changes that sockets are told: all there is up to a position, or none."""

import pytest

from infra.clock import SystemClock
from infra.memory.key_values import MemoryKeyValues
from infra.memory.views import MemoryViewStore
from infra.ports import Doc
from projections.public_changes.view import SOURCE
from projections.running.freshness import Freshness
from projections.running.projection import MONGO, SQL
from projections.running.reading import Readers
from read_api.main_ws import PublicChanges
from read_api.ws.sources import Behind

CHANNEL = "stock:1"


def change(position: int) -> Doc:
    body = {"position": position, "type": "stock:updated", "channel": CHANNEL, "audience": "public"}
    return Doc(str(position), position, {**body, "occurredAt": "2026-03-02T15:30:00.000000Z"})


async def told_up_to(store: MemoryViewStore, position: int) -> PublicChanges:
    """The changes 1 to `position`, in a store that stands there."""
    fence = position
    await store.take(SOURCE.target, fence)
    await store.commit(SOURCE.target, fence, 0, position, [change(number) for number in range(1, position + 1)])
    stores = {MONGO: store, SQL: MemoryViewStore(by_columns=True)}
    changes = PublicChanges(Readers(stores, MemoryKeyValues(), Freshness(stores, SystemClock())))
    await changes.position()
    return changes


async def test_all_changes_up_to_a_position_are_told_page_by_page() -> None:
    changes = await told_up_to(MemoryViewStore(), 3)
    assert [entry.position for entry in await changes.between(0, 3, 2)] == [1, 2]
    assert [entry.position for entry in await changes.between(2, 3, 2)] == [3]


async def test_a_store_that_stands_before_the_position_tells_nothing_instead_of_a_part() -> None:
    store = MemoryViewStore()
    changes = await told_up_to(store, 5)
    await store.drop(SOURCE.target)
    again = await told_up_to(store, 3)
    for each in (changes, again):
        await each.position()
        with pytest.raises(Behind):
            await each.between(1, 5, 500)
