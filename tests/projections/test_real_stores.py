"""The projections on PostgreSQL, MongoDB and Redis, and what readers see while those fail."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
import redis as sync_redis

from infra.postgres.pool import open_pool
from projections.cart_contents.view import cart
from projections.main import ALL
from projections.order_history.view import orders
from projections.order_tracking.projector import ORDER_TRACKING
from projections.order_tracking.view import SOURCE, order
from projections.product_page.view import ProductFilter, Sort, product, product_by_slug, products
from projections.public_changes.view import changes
from projections.running.freshness import Behind
from projections.running.reading import Readers
from projections.stock_levels.view import stock
from tests.kit.builders import order as facts
from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, ORDER_ID, PRODUCT_ID, VARIANT_ID, an_id
from tests.kit.builders.product import product_on_sale
from tests.kit.builders.stock import stock_received
from tests.kit.builders.story import a_review, a_story
from tests.kit.stack import PrivateRedis, Stores
from tests.projections.real import Real, projecting

pytestmark = pytest.mark.integration

ORDER, PRODUCT, CART, CUSTOMER = str(ORDER_ID), str(PRODUCT_ID), str(CART_ID), str(CUSTOMER_ID)


async def tell(real: Real) -> int:
    """The story, in the log and in every view; its last position."""
    head = 0
    for event in a_story():
        head = await real.log.append(event)
    await real.settled(head)
    return head


def reads(readers: Readers) -> dict[str, Callable[[], Awaitable[object]]]:
    """What must go on whatever happens to Redis and MongoDB."""
    return {
        "product": lambda: product(readers, PRODUCT),
        "products": lambda: products(readers, ProductFilter()),
        "cart": lambda: cart(readers, CART, customer_id=CUSTOMER),
        "order": lambda: order(readers, ORDER),
        "orders": lambda: orders(readers, CUSTOMER),
    }


async def read_all(readers: Readers) -> None:
    for name, read in reads(readers).items():
        found = await read()
        assert found is not None, name
        assert getattr(found, "items", True), name


async def all_at(readers: Readers, head: int) -> None:
    """Each view follows the log by itself: that one has arrived says nothing of the others."""
    for projection in ALL:
        assert await readers.freshness.wait(projection.source, head, 10) >= head, projection.name


async def test_every_store_holds_what_a_refold_gives(stores: Stores) -> None:
    async with projecting(stores) as real:
        await tell(real)
        assert await real.equals_a_refold() > 25
        async with real.pool.connection() as connection:
            rows = await connection.execute(
                "select o.status, i.quantity, p.available from read.orders o"
                " join read.order_items i on i.order_id = o.id join read.products p on p.id = i.product_id"
            )
            assert await rows.fetchall() == [("CONFIRMED", 1, 7)]


async def test_readers_find_what_was_projected(stores: Stores) -> None:
    async with projecting(stores) as real:
        head = await tell(real)
        await all_at(real.readers, head)
        await read_all(real.readers)
        found = await product_by_slug(real.readers, a_story()[0].slug, head)  # type: ignore[attr-defined]
        assert found is not None
        assert found.document.id == PRODUCT
        levels = await stock(real.readers, [str(VARIANT_ID), str(an_id("unknown"))], head)
        assert {key: each.document.available for key, each in levels.items()} == {str(VARIANT_ID): 7}
        told = await changes(real.readers, 0, channels=[f"order:{ORDER}"])
        assert [change.payload["status"] for change in told.entries] == [
            "PLACED",
            "AWAITING_PAYMENT",
            "CONFIRMED",
            "CONFIRMED",
        ]
        assert told.position >= head


async def test_a_read_with_a_position_gets_that_position_or_is_told_that_it_is_behind(stores: Stores) -> None:
    async with projecting(stores) as real:
        await tell(real)
        for number in range(2, 12):
            placed = replace(facts.PLACED, order_id=an_id("order", number), number=f"N{number}")
            head = await real.log.append(placed)
            assert await real.readers.freshness.wait(SOURCE, head, 5) >= head
            found = await order(real.readers, str(an_id("order", number)), head)
            assert found is not None
            assert found.position >= head
        with pytest.raises(Behind) as behind:
            await order(real.readers, ORDER, head + 100)
        assert behind.value.position >= head


async def test_products_are_listed_in_order_filtered_and_in_pages(stores: Stores) -> None:
    async with projecting(stores) as real:
        for number in range(1, 8):
            of, variant = an_id("product", number), an_id("variant", number)
            titles = {"es": f"Sombrero {number % 3}", "en": f"Hat {number % 3}"}
            await real.log.append(
                *product_on_sale(product_id=of, variant_id=variant, price_minor=100 * (number % 4), titles=titles)
            )
        head = await real.log.append(
            stock_received(quantity=5, product_id=an_id("product", 1), variant_id=an_id("variant", 1))
        )
        await real.settled(head)
        await all_at(real.readers, head)
        for sort in Sort:
            seen: list[str] = []
            after = None
            while True:
                page = await products(real.readers, ProductFilter(), sort, 2, after, head)
                seen += [each.id for _, each in page.items]
                after = page.items[-1][0]
                if not page.has_next:
                    break
            assert sorted(seen) == sorted(str(an_id("product", number)) for number in range(1, 8))
        cheap = await products(
            real.readers, ProductFilter(price_min=100, price_max=200, search="SOMBRERO"), Sort.PRICE_UP
        )
        assert [each.variants[0].price_minor for _, each in cheap.items] == [100, 100, 200, 200]
        there = await products(real.readers, ProductFilter(available=True))
        assert [each.id for _, each in there.items] == [str(an_id("product", 1))]


async def test_reading_goes_on_while_redis_is_flushed_and_stopped(stores: Stores, private_redis: PrivateRedis) -> None:
    async with projecting(stores, private_redis.url) as real:
        await tell(real)
        await real.readers.freshness.refresh()
        events = iter(a_review(number) for number in range(100, 200))

        async def a_while(turns: int) -> int:
            head = 0
            for _ in range(turns):
                await read_all(real.readers)
                head = await real.log.append(next(events))
            return head

        await a_while(5)
        with sync_redis.Redis.from_url(private_redis.url) as client:
            client.flushall()
        await a_while(5)
        private_redis.stop()
        await a_while(10)
        private_redis.start()
        await asyncio.sleep(1.2)
        await real.settled(await a_while(5))
        assert await real.equals_a_refold() > 25


async def test_without_mongodb_the_rows_answer_and_a_dropped_database_is_filled_again(stores: Stores) -> None:
    async with projecting(stores) as real:
        head = await tell(real)
        await real.readers.freshness.refresh()
        await real.mongo.drop_database(real.mongo.get_default_database().name)
        with sync_redis.Redis.from_url(stores.redis_url) as client:
            client.flushdb()
        for _ in range(20):
            await read_all(real.readers)
            await asyncio.sleep(0.02)
        await real.settled(head)
        assert await real.equals_a_refold() > 25


async def test_a_dropped_schema_read_is_made_and_filled_again(stores: Stores) -> None:
    async with projecting(stores) as real:
        head = await tell(real)
        async with open_pool(stores.postgres_url, 1) as pool, pool.connection() as connection:
            await connection.execute("drop schema read cascade")
        await asyncio.sleep(0.5)
        await real.settled(head)
        assert await real.equals_a_refold() > 25


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("mongo", "contactEmail"),
        ("document", "contactEmail"),
        ("column", "column total_minor"),
        ("row", "rows of order_items"),
        ("copy", "contactEmail"),
        ("stranger", "the log knows no such document"),
    ],
)
async def test_a_planted_corruption_is_found_wherever_it_is(stores: Stores, where: str, what: str) -> None:
    async with projecting(stores) as real:
        await tell(real)
        await plant(real, stores, where)
        found = await real.compared(ORDER_TRACKING)
        told = [difference.what for each in found.values() for difference in each.first]
        assert told == [what]


async def plant(real: Real, stores: Stores, where: str) -> None:
    collection = real.mongo.get_default_database()[ORDER_TRACKING.target]
    async with real.pool.connection() as connection:
        match where:
            case "mongo":
                await collection.update_one({"_id": ORDER}, {"$set": {"contactEmail": "eve@example.com"}})
            case "stranger":
                await collection.insert_one({"_id": "stranger", "position": 1, "id": "stranger"})
            case "document":
                await connection.execute(
                    "update read.orders_v1 set document = jsonb_set(document, '{contactEmail}', '\"eve@example.com\"')"
                )
            case "column":
                await connection.execute("update read.orders_v1 set total_minor = total_minor + 1")
            case "row":
                await connection.execute("update read.order_items_v1 set quantity = 2")
            case "copy":
                with sync_redis.Redis.from_url(stores.redis_url) as client:
                    key = f"order:{ORDER}"
                    value = client.get(key)
                    assert isinstance(value, bytes)
                    client.set(key, value.replace(b"ada@example.com", b"eve@example.com"))


async def test_documents_can_be_read_by_people(stores: Stores) -> None:
    async with projecting(stores) as real:
        await tell(real)
        found = await real.mongo.get_default_database()[ORDER_TRACKING.target].find_one({"_id": ORDER})
        assert found is not None
        assert (found["status"], found["totals"]) == (
            "CONFIRMED",
            {
                "currency": "USD",
                "subtotalMinor": 2500,
                "discountMinor": 0,
                "taxMinor": 0,
                "shippingMinor": 0,
                "totalMinor": 2500,
            },
        )
        position = found["position"]
        assert isinstance(position, int)
        events = await real.mongo.get_default_database()["user_events_v1"].find({"type": "order_created"}).to_list()
        assert [type(event["_id"]) for event in events] == [int]


def test_every_projection_is_kept_somewhere() -> None:
    assert all(projection.source.stores for projection in ALL)
