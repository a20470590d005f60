"""What do readers see while a store stands still, with its connections open?"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from projections.cart_contents.view import cart
from projections.main import ALL
from projections.order_history.view import orders
from projections.order_tracking.view import order
from projections.product_page.view import ProductFilter, product, products
from projections.running.freshness import Behind, Rebuilding
from projections.running.reading import Readers
from tests.kit.builders.ids import CART_ID, CUSTOMER_ID, ORDER_ID, PRODUCT_ID
from tests.kit.builders.story import a_story
from tests.kit.frozen import Frozen
from tests.kit.stack import Stores
from tests.projections.readers import reading
from tests.projections.real import projecting

pytestmark = pytest.mark.integration

LONGEST = 3.5  # seconds that anybody may wait
ORDER, PRODUCT, CART, CUSTOMER = str(ORDER_ID), str(PRODUCT_ID), str(CART_ID), str(CUSTOMER_ID)


@dataclass(frozen=True, slots=True)
class World:
    """Readers whose ways to the stores can be frozen, while the projections have ways of their own."""

    readers: Readers
    ways: Mapping[str, Frozen]
    head: int

    def reads(self) -> dict[str, Callable[[], Awaitable[object]]]:
        readers, head = self.readers, self.head
        return {
            "product": lambda: product(readers, PRODUCT),
            "products": lambda: products(readers, ProductFilter(), at_least=head),
            "cart": lambda: cart(readers, CART, customer_id=CUSTOMER),
            "order": lambda: order(readers, ORDER),
            "order, with a token": lambda: order(readers, ORDER, head),
            "orders": lambda: orders(readers, CUSTOMER),
        }

    async def outcomes(self) -> dict[str, str]:
        """Of all reads at once: what came of each. Nobody may wait for too long."""

        async def one(read: Callable[[], Awaitable[object]]) -> str:
            begun = time.monotonic()
            try:
                found = "found" if await read() is not None else "nothing"
            except (Behind, Rebuilding) as problem:
                found = type(problem).__name__
            assert time.monotonic() - begun < LONGEST
            return found

        reads = self.reads()
        return dict(zip(reads, await asyncio.gather(*map(one, reads.values())), strict=True))

    async def all_found(self) -> None:
        async with asyncio.timeout(20):
            while set((await self.outcomes()).values()) != {"found"}:  # noqa: ASYNC110 nobody tells
                await asyncio.sleep(0.1)


@asynccontextmanager
async def world(stores: Stores) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        real = await stack.enter_async_context(projecting(stores))
        head = 0
        for event in a_story():
            head = await real.log.append(event)
        await real.settled(head)
        urls = {"postgres": stores.postgres_url, "mongo": stores.mongo_url, "redis": stores.redis_url}
        ways = {name: await stack.enter_async_context(Frozen(url)) for name, url in urls.items()}
        through = replace(
            stores, postgres_url=ways["postgres"].url, mongo_url=ways["mongo"].url, redis_url=ways["redis"].url
        )
        readers = await stack.enter_async_context(reading(through))
        for projection in ALL:
            assert await readers.freshness.wait(projection.source, head, 20) >= head
        opened = World(readers, ways, head)
        await opened.all_found()
        yield opened
        for way in ways.values():
            way.flowing.set()


@pytest.mark.parametrize("store", ["mongo", "redis"])
async def test_whoever_reads_is_answered_by_the_stores_that_answer(stores: Stores, store: str) -> None:
    async with world(stores) as opened:
        opened.ways["redis"].flowing.clear()  # a copy would answer for it
        opened.ways[store].flowing.clear()
        for _ in range(5):
            assert set((await opened.outcomes()).values()) == {"found"}
        for way in opened.ways.values():
            way.flowing.set()
        await opened.all_found()


async def test_without_postgresql_documents_answer_and_what_only_rows_can_tell_is_refused_in_time(
    stores: Stores,
) -> None:
    async with world(stores) as opened:
        opened.ways["postgres"].flowing.clear()
        for _ in range(4):
            found = await opened.outcomes()
            assert found.pop("products") in ("Rebuilding", "Behind")
            assert set(found.values()) == {"found"}
        opened.ways["postgres"].flowing.set()
        await opened.all_found()
