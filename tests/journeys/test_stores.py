"""What does a client notice when Redis forgets everything, freezes, or dies? Nothing."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx2
import pytest
import redis.asyncio

from tests.kit.client import ApiClient, graphql
from tests.kit.shop import Bought, Shop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

EVERY = 0.05  # seconds
FROZEN = 3.0  # seconds


@dataclass(slots=True)
class Polling:
    """A client that reads the same five things again and again, over REST and GraphQL."""

    shop: Shop
    customer: ApiClient
    reads: dict[str, str]  # path → what the answer must hold
    query: str
    wrong: list[str] = field(default_factory=list)
    count: int = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            begun = asyncio.get_running_loop().time()
            await asyncio.gather(*(self._rest(path, text) for path, text in self.reads.items()), self._graphql())
            await asyncio.sleep(max(0.0, begun + EVERY - asyncio.get_running_loop().time()))

    async def _rest(self, path: str, text: str) -> None:
        try:
            answer = await self.customer.get(path)
        except httpx2.HTTPError as problem:
            self.wrong.append(f"{path}: {problem!r}")
            return
        self.count += 1
        if answer.status != 200 or text not in str(answer.body):
            self.wrong.append(f"{path}: {answer.status} {answer.body}"[:300])

    async def _graphql(self) -> None:
        answer = await graphql(self.customer, self.shop.urls["graphql"], self.query)
        self.count += 1
        if answer.status != 200 or "errors" in answer.body:
            self.wrong.append(f"GraphQL: {answer.status} {answer.body}"[:300])


@asynccontextmanager
async def polling(shop: Shop) -> AsyncIterator[Polling]:
    """While the block runs; what went wrong is in `wrong`."""
    variant = await shop.variant(stock=100)
    bought = await shop.buy(variant, wait=5)
    await bought.paid()
    customer = bought.customer
    cart = await shop.cart(customer, [(variant, 1)])
    product, after = await shop.product_of(variant), await shop.write.reader.head()
    reads = {
        f"/products/{product}": variant,
        "/products?limit=5": "items",
        f"/stock-items/{variant}": variant,
        f"/carts/{cart}": variant,
        f"/orders/{bought.id}": bought.placed.body["number"],
        "/orders": bought.id,
    }
    for path in reads:
        read = await customer.get(path, after, wait=5)
        assert (path, read.status) == (path, 200), read.body
    query = (
        f'{{ product(id: "{product}") {{ id }} cart(id: "{cart}") {{ id }} order(id: "{bought.id}") {{ id }}'
        " products { edges { node { id } } } orders { edges { node { id } } } }"
    )
    client = Polling(shop, customer, reads, query)
    running = asyncio.create_task(client.run())
    try:
        await asyncio.sleep(0.5)
        yield client
        await asyncio.sleep(0.5)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_redis_that_forgets_everything_is_not_missed(lonely_shop: Shop) -> None:
    async with polling(lonely_shop) as client:
        for _ in range(3):
            await _flush(lonely_shop)
            await asyncio.sleep(0.2)
        await _sell(lonely_shop)

    assert client.wrong == []
    assert client.count > 50
    await _verified(lonely_shop)


async def test_a_frozen_redis_is_not_waited_for(lonely_shop: Shop) -> None:
    shop, pid = lonely_shop, lonely_shop.platform.run.pids["redis"]
    variant = await shop.variant()
    async with polling(shop) as client:
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(FROZEN)
            bought = await shop.buy(variant, wait=0)
            assert (await bought.shown(at_least=bought.placed.position))["number"] == bought.placed.body["number"]
        finally:
            os.kill(pid, signal.SIGCONT)
        await bought.paid()

    assert client.wrong == []
    assert client.count > 50
    await _verified(lonely_shop)


async def test_a_dead_redis_is_started_again_and_nothing_is_lost(lonely_shop: Shop) -> None:
    pid = lonely_shop.platform.run.pids["redis"]
    async with polling(lonely_shop) as client:
        os.kill(pid, signal.SIGKILL)
        sold = await _sell(lonely_shop)
        await asyncio.to_thread(lonely_shop.platform.wait_restarted, "redis", pid)
        await sold.paid()

    assert client.wrong == []
    await _verified(lonely_shop)


async def _sell(shop: Shop) -> Bought:
    """Everything goes on: an order is placed and paid for."""
    bought = await shop.buy(await shop.variant(), wait=5)
    await bought.paid()
    shown = await bought.shown(at_least=await shop.write.reader.head())
    assert shown["paymentStatus"] == "PAID"
    return bought


async def _flush(shop: Shop) -> None:
    async with redis.asyncio.Redis.from_url(shop.urls["redis"]) as client:
        await client.flushall()


async def _verified(shop: Shop) -> None:
    """Every document of every projection is what a refold of the log gives."""
    done = await asyncio.to_thread(shop.platform.command, "verify", "--all", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
