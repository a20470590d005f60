"""A long stream is folded from its snapshot: with a good one, none, or a bad one, the state is the same."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest

from infra.event_log.chain import event_digest
from infra.memory.log import MemorySnapshots
from infra.ports import LogReader, Snapshot, Stored
from tests.kit.builders.stock import stock_of, stock_reserved
from tests.write_model.handling.world import PEPPER, World
from write_model.checkout.commands import AddVariant
from write_model.handling.beginnings import EVERY
from write_model.handling.bus import Bus, build_bus
from write_model.handling.registry import REGISTRY
from write_model.kernel.ids import stock_item, stream
from write_model.product.commands import CreateProduct
from write_model.stock.commands import ReceiveStock
from write_model.stock.decider import STOCK
from write_model.stock.events import StockReserved
from write_model.stock.state import StockItem

PRODUCT, VARIANT = UUID(int=1), UUID(int=2)
NAME = stream("stock", stock_item(VARIANT, "main"))
TEXT = {"es": "Cámara", "en": "Camera"}


class Counting:
    """A reader that tells how many rows it gave."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self.rows = 0

    async def streams(self, after_versions: Mapping[str, int]) -> Sequence[Stored]:
        found = await self._reader.streams(after_versions)
        self.rows += len(found)
        return found


def a_bus(world: World, snapshots: MemorySnapshots | None, reader: object = None) -> Bus:
    """As another process would have it."""
    return build_bus(
        appender=world.log,
        reader=reader or world.log,  # type: ignore[arg-type]  # only streams are read
        codec=world.codec,
        keys=world.keys,
        clock=world.clock,
        ids=world.ids,
        digest=event_digest,
        registry=REGISTRY,
        chance=world.chance.random,
        pepper=PEPPER,
        snapshots=snapshots,
    )


@pytest.fixture
async def world() -> World:
    """With a stock item of more events than are folded without a snapshot."""
    made = World()
    await made.send(
        CreateProduct(
            product_id=PRODUCT,
            titles=TEXT,
            descriptions=TEXT,
            category="cameras",
            tax_category="standard",
            currency="USD",
        )
    )
    await made.send(AddVariant(product_id=PRODUCT, variant_id=VARIANT, sku="S-1", attributes={}, price_minor=1))
    for _ in range(EVERY + 5):
        await made.send(ReceiveStock(variant_id=VARIANT, quantity=1, reason="delivery"))
    return made


async def test_who_folds_a_long_stream_keeps_where_it_led_and_the_next_reads_only_the_rest(world: World) -> None:
    snapshots, reader = MemorySnapshots(), Counting(world.log)
    whole = await a_bus(world, snapshots).known(NAME)
    await world.send(ReceiveStock(variant_id=VARIANT, quantity=7, reason="delivery"))
    rest = await a_bus(world, snapshots, reader).known(NAME)
    assert reader.rows == rest.version - whole.version == 1
    assert rest == await a_bus(world, None).known(NAME)


async def test_what_is_folded_from_a_snapshot_alone_knows_its_position(world: World) -> None:
    snapshots = MemorySnapshots()
    whole = await a_bus(world, snapshots).known(NAME)
    assert await a_bus(world, snapshots).known(NAME) == whole
    assert whole.position == await world.log.head()


async def test_a_snapshot_that_can_not_be_read_is_as_none(world: World) -> None:
    snapshots = MemorySnapshots()
    await snapshots.save(NAME, STOCK.state_version, Snapshot(10_000, b"\x00" * 8 + b"{"))
    assert await a_bus(world, snapshots).known(NAME) == await a_bus(world, None).known(NAME)


async def test_one_of_another_version_of_the_state_is_as_none(world: World) -> None:
    snapshots = MemorySnapshots()
    await snapshots.save(NAME, STOCK.state_version + 1, Snapshot(1, b"\x00" * 8 + b"{}"))
    assert await a_bus(world, snapshots).known(NAME) == await a_bus(world, None).known(NAME)


async def test_reservations_stand_in_a_snapshot_as_they_were() -> None:
    held: list[StockReserved] = [stock_reserved(reservation_id=UUID(int=number)) for number in (3, 259, 1 << 100)]
    item = STOCK.fold(StockItem(), [*stock_of(100), *held])
    known_before = msgspec.json.decode(msgspec.json.encode(item), type=StockItem)
    assert known_before == item
    assert known_before.reservation(UUID(int=259)) == item.reservation(UUID(int=259))
    assert replace(item, on_hand=1) != known_before


def test_no_state_with_words_of_people_is_kept() -> None:
    kept = {category for category, decider in REGISTRY.deciders.items() if decider.kept is not None}
    assert kept == {"stock"}
