"""What does a client notice when Redis forgets everything, freezes, or dies? Nothing."""

import asyncio
import os
import signal

import pytest
import redis.asyncio

from tests.kit.polling import polling
from tests.kit.shop import Bought, Shop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

FROZEN = 3.0  # seconds


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
