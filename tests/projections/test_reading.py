"""Which store answers, and how fresh is the answer?"""

from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

import pytest

from infra.clock import SystemClock
from infra.memory.key_values import MemoryKeyValues
from infra.memory.views import MemoryViewStore
from infra.ports import Checkpoint, Copy, Doc, Unavailable
from projections.order_history.view import orders
from projections.order_tracking.projector import ORDER_TRACKING
from projections.order_tracking.view import SOURCE, OrderTracking, order
from projections.running.cursors import BadCursor, cursor, position_after
from projections.running.freshness import GAP, Behind, Freshness, Rebuilding
from projections.running.projection import MONGO, SQL
from projections.running.reading import Readers
from tests.kit.builders import order as facts
from tests.kit.builders.ids import CUSTOMER_ID, ORDER_ID
from tests.kit.given_view import folded

ORDER = str(ORDER_ID)
NAME = f"order:{ORDER}"


class Store(MemoryViewStore):
    """Counts what it is asked for documents, and may be away."""

    def __init__(self, *, by_columns: bool = False) -> None:
        super().__init__(by_columns=by_columns)
        self.away = False
        self.loads = 0

    async def load(self, target: str, keys: Collection[str], whole: bool = False) -> Mapping[str, Doc]:
        if self.away:
            raise Unavailable("away")
        self.loads += 1
        return await super().load(target, keys, whole)

    async def checkpoints(self) -> Mapping[str, Checkpoint]:
        if self.away:
            raise Unavailable("away")
        return await super().checkpoints()


@dataclass
class World:
    mongo: Store = field(default_factory=Store)
    sql: Store = field(default_factory=lambda: Store(by_columns=True))
    copies: MemoryKeyValues = field(default_factory=MemoryKeyValues)

    def __post_init__(self) -> None:
        kept = {MONGO: self.mongo, SQL: self.sql}
        self.readers = Readers(kept, self.copies, Freshness(kept, SystemClock()))

    async def holds(self, store: Store, position: int, status: str = "PLACED", at: int | None = None) -> None:
        """The store has the order, in that state since `position`, and stands at `at`."""
        document = folded(ORDER_TRACKING, ORDER, facts.PLACED)
        assert document is not None
        doc = ORDER_TRACKING.doc(ORDER, position, document)
        body = {**(doc.body or {}), "status": status}
        before = await store.take(SOURCE.target, 1)
        await store.commit(SOURCE.target, 1, before, at or position, [Doc(ORDER, position, body, columns=doc.columns)])
        await self.readers.freshness.refresh()

    async def read(self, at_least: int = 0) -> tuple[str, int] | None:
        found = await order(self.readers, ORDER, at_least)
        return None if found is None else (found.document.status, found.position)


async def test_a_document_is_read_once_and_then_from_its_copy() -> None:
    world = World()
    await world.holds(world.mongo, 5, at=9)
    await world.copies.begin(SOURCE.target, 9)
    assert [await world.read() for _ in range(3)] == [("PLACED", 9)] * 3
    assert world.mongo.loads == 1


async def test_a_copy_that_covers_less_than_the_reader_has_seen_is_not_shown() -> None:
    world = World()
    await world.holds(world.mongo, 5)
    epoch = await world.copies.begin(SOURCE.target, 5)
    await world.read()
    await world.holds(world.mongo, 8, "CONFIRMED")
    assert await world.read(5) == ("PLACED", 5)
    assert await world.read(8) == ("CONFIRMED", 8)
    [cached] = await world.copies.get(SOURCE.target, [NAME])
    assert cached.epoch == epoch


async def test_a_reader_that_was_overtaken_leaves_no_old_copy_behind() -> None:
    world = World()
    await world.holds(world.mongo, 5)
    epoch = await world.copies.begin(SOURCE.target, 5)
    copies = world.copies

    class Overtaken(Store):
        async def load(self, target: str, keys: Collection[str], whole: bool = False) -> Mapping[str, Doc]:
            docs = await super().load(target, keys, whole)
            await copies.put_newer(SOURCE.target, epoch, [], 8, 5)  # meanwhile the projection moves on
            return docs

    slow = Overtaken()
    slow._targets, slow._checkpoints = world.mongo._targets, world.mongo._checkpoints
    kept = {MONGO: slow, SQL: world.sql}
    readers = Readers(kept, copies, Freshness(kept, SystemClock()))
    await readers.freshness.refresh()
    assert await order(readers, ORDER) is not None
    [cached] = await copies.get(SOURCE.target, [NAME])
    assert cached.copy is None


async def test_no_copy_is_made_from_a_store_that_went_back_behind_what_the_copies_cover() -> None:
    world = World()
    await world.holds(world.mongo, 5)
    before = deepcopy((world.mongo._targets, world.mongo._checkpoints))
    await world.holds(world.mongo, 8, "CONFIRMED")
    await world.copies.begin(SOURCE.target, 8)
    world.mongo._targets, world.mongo._checkpoints = before
    await world.readers.freshness.refresh()
    assert await world.read(5) == ("PLACED", 5)
    [cached] = await world.copies.get(SOURCE.target, [NAME])
    assert (cached.covered, cached.copy) == (8, None)


async def test_a_document_of_a_store_that_went_back_and_came_forward_again_meanwhile_is_read_once_more() -> None:
    world = World()
    await world.holds(world.mongo, 5)
    await world.holds(world.sql, 5)
    before = deepcopy((world.mongo._targets, world.mongo._checkpoints))
    await world.holds(world.mongo, 8, "CONFIRMED")
    newest = await world.mongo.load(SOURCE.target, [ORDER])

    class BackAndForth(Store):
        async def load(self, target: str, keys: Collection[str], whole: bool = False) -> Mapping[str, Doc]:
            docs = await super().load(target, keys, whole)
            if self.loads == 1:
                await self.take(target, 2)
                await self.commit(target, 2, 5, 8, list(newest.values()))
            return docs

    store = BackAndForth()
    store._targets, store._checkpoints = world.mongo._targets, world.mongo._checkpoints
    kept = {MONGO: store, SQL: world.sql}
    readers = Readers(kept, world.copies, Freshness(kept, SystemClock()))
    await readers.freshness.refresh()
    store._targets, store._checkpoints = before
    found = await order(readers, ORDER)
    assert found is not None
    assert (found.document.status, found.position, store.loads) == ("CONFIRMED", 8, 2)


async def test_rows_answer_while_mongodb_is_away() -> None:
    world = World()
    await world.holds(world.mongo, 5)
    await world.holds(world.sql, 5)
    world.mongo.away = True
    assert await world.read(5) == ("PLACED", 5)


async def test_rows_answer_while_mongodb_is_filled_again() -> None:
    world = World()
    await world.holds(world.mongo, 5)
    await world.holds(world.sql, 5)
    await world.mongo.drop(SOURCE.target)
    assert await world.read() == ("PLACED", 5)
    await world.mongo.take(SOURCE.target, 2)
    assert await world.read() == ("PLACED", 5)


async def test_without_any_store_the_reader_is_told_to_come_back() -> None:
    world = World()
    await world.holds(world.mongo, 5)
    await world.holds(world.sql, 5)
    world.mongo.away = world.sql.away = True
    await world.readers.freshness.refresh()
    with pytest.raises(Rebuilding):
        await world.read()


async def test_a_view_far_behind_the_others_is_being_rebuilt() -> None:
    world = World()
    await world.holds(world.mongo, 5)
    await world.sql.take("payments_v1", 1)
    await world.sql.commit("payments_v1", 1, 0, GAP + 10, [])
    await world.readers.freshness.refresh()
    with pytest.raises(Rebuilding):
        await world.read()


async def test_what_is_not_there_yet_is_behind_and_never_missing() -> None:
    world = World()
    await world.holds(world.mongo, 5)
    await world.holds(world.sql, 5)
    with pytest.raises(Behind) as behind:
        await order(world.readers, "unknown", 6)
    assert (behind.value.position, behind.value.lag_ms >= 0) == (5, True)
    assert await order(world.readers, "unknown", 5) is None


async def test_waiting_ends_as_soon_as_one_store_is_there() -> None:
    world = World()
    await world.holds(world.mongo, 5)
    freshness = world.readers.freshness
    assert await freshness.wait(SOURCE, 5, 0.0) == 5
    assert await freshness.wait(SOURCE, 6, 0.02) == 5
    await world.sql.take(SOURCE.target, 1)
    await world.sql.commit(SOURCE.target, 1, 0, 7, [])
    assert await freshness.wait(SOURCE, 6, 1.0) == 7


async def test_a_copy_without_a_body_is_no_answer() -> None:
    world = World()
    await world.holds(world.mongo, 5)
    epoch = await world.copies.begin(SOURCE.target, 5)
    await world.copies.put_newer(SOURCE.target, epoch, [Copy(NAME, 4, None, 60)], None)
    assert await world.read() == ("PLACED", 5)


async def test_the_list_of_orders_comes_from_rows_when_the_documents_are_away() -> None:
    world = World()
    await world.holds(world.sql, 5)
    world.mongo.away = True
    found = await orders(world.readers, str(CUSTOMER_ID))
    [(place, entry)] = found.items
    assert (entry.id, entry.total_minor, entry.items, found.has_next) == (ORDER, facts.TOTAL, 1, False)
    assert (await orders(world.readers, str(CUSTOMER_ID), after=place)).items == []


@pytest.mark.parametrize("text", ["", "x", "ÿ", "bm90IGpzb24", cursor("other", [1]), cursor("placed", [1]), "a" * 2000])
def test_a_text_that_is_no_cursor_of_this_list_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        position_after(text, "placed", 2)


def test_a_cursor_gives_back_its_place() -> None:
    assert position_after(cursor("placed", ["2026", "a"]), "placed", 2) == ["2026", "a"]
    assert position_after(None, "placed", 2) == ()


def test_a_document_reads_without_fields_of_a_later_release() -> None:
    document = folded(ORDER_TRACKING, ORDER, facts.PLACED)
    body = dict(ORDER_TRACKING.doc(ORDER, 1, document).body or {})
    again = ORDER_TRACKING.document(Doc(ORDER, 1, {**body, "newField": 1}))
    assert isinstance(again, OrderTracking)
    assert again == document
