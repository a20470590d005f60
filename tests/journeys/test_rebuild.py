"""What does a client notice when MongoDB stops or is emptied, and when a read model is built anew? Nothing."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time

import psycopg
import pymongo
import pytest

from projections.main import ALL, build
from tests.kit.client import eventually
from tests.kit.platform import ROOT
from tests.kit.polling import polling
from tests.kit.shop import Bought, Shop
from tools.rebuild import Wish, named, rebuild

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

SERVED = ("product_page", "stock_levels", "cart_contents", "order_tracking", "order_history")  # by the five queries


async def test_a_stopped_mongodb_is_not_missed_and_is_started_again(lonely_shop: Shop) -> None:
    pid = lonely_shop.platform.run.pids["mongo"]
    async with polling(lonely_shop) as client:
        os.kill(pid, signal.SIGKILL)
        await _sell(lonely_shop)
        await asyncio.to_thread(lonely_shop.platform.wait_restarted, "mongo", pid)
        await _sell(lonely_shop)

    assert client.wrong == []
    assert client.count > 50
    await _verified(lonely_shop)


async def test_a_dropped_database_is_folded_again_while_the_rows_answer(lonely_shop: Shop) -> None:
    async with polling(lonely_shop) as client:
        with pymongo.MongoClient[dict[str, object]](lonely_shop.urls["mongo"]) as mongo:
            mongo.drop_database("telocompro")
        await _sell(lonely_shop)
        await _documents_are_back(lonely_shop)

    assert client.wrong == []
    assert client.count > 50
    await _verified(lonely_shop)


async def test_read_models_are_rebuilt_switched_and_switched_back_while_they_are_read(lonely_shop: Shop) -> None:
    shop = lonely_shop
    before = {name: await _live(shop, name) for name in SERVED}
    async with polling(shop) as client:
        selling = asyncio.create_task(_sell(shop))
        reports = [await rebuild(shop.platform.settings, named(name), lambda *_: None) for name in SERVED]
        await selling
        done = await asyncio.to_thread(shop.platform.command, "rebuild", SERVED[0], "--back", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        for name in SERVED[1:]:
            await rebuild(shop.platform.settings, named(name), lambda *_: None, Wish.BACK)
        await _sell(shop)

    for report in reports:
        compared = {store: (line["documents"] > 0, line["differing"]) for store, line in report["compared"].items()}
        assert compared == dict.fromkeys(compared, (True, 0)), json.dumps(report)
        print({name: report[name] for name in ("name", "live", "seconds", "mostEventsBehind")})  # noqa: T201
    assert client.wrong == []
    assert client.count > 50
    assert {name: await _live(shop, name) for name in SERVED} == before
    await _verified(shop)


async def test_a_rebuild_that_is_killed_goes_on_then_serves_and_what_differed_is_named(lonely_shop: Shop) -> None:
    shop = lonely_shop
    bought = await _sell(shop)
    settings, number = shop.platform.settings, await _live(shop, "order_tracking")
    with psycopg.connect(settings.stores.postgres_url, autocommit=True) as connection:
        changed = "update read.orders set total_minor = total_minor + 1 where id = %s"
        tampered = connection.execute(changed, [bought.id])
        assert tampered.rowcount == 1
    left = await asyncio.to_thread(_killed_while_building, shop, "order_tracking")

    done = await asyncio.to_thread(shop.platform.command, "rebuild", "order_tracking", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["compared"]["sql"]["first"] == [{"key": bought.id, "what": "column total_minor"}]
    assert report["previous"] == number
    assert report["live"] == left
    later = await _sell(shop)
    assert (await later.shown(later.placed.position))["number"] == later.placed.body["number"]
    await rebuild(settings, named("order_tracking"), lambda *_: None, Wish.DROP)
    assert (await bought.shown())["number"] == bought.placed.body["number"]
    await _verified(shop)


async def _sell(shop: Shop) -> Bought:
    """Everything goes on: an order is placed, paid for and shown."""
    bought = await shop.buy(await shop.variant(), wait=5)
    await bought.paid()
    shown = await bought.shown(at_least=await shop.write.reader.head())
    assert shown["paymentStatus"] == "PAID"
    return bought


def _killed_while_building(shop: Shop, name: str) -> int:
    """Begun and killed with SIGKILL; the number of the generation that it leaves half done, or nearly done."""
    line = [sys.executable, "-m", "tools.cli", "rebuild", name, "--compare-only"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(line, cwd=ROOT, env=shop.platform.environment, stdout=quiet, stderr=quiet)
    query = "select building from work.view_generations where view = %s and building is not null"
    try:
        with psycopg.connect(shop.urls["postgres"], autocommit=True) as connection:
            until = time.monotonic() + 60
            while (row := connection.execute(query, [named(name).source.family]).fetchone()) is None:
                assert time.monotonic() < until, process.poll()
                time.sleep(0.005)
    finally:
        process.kill()
        process.wait()
    return int(row[0])


async def _live(shop: Shop, name: str) -> int:
    async with build(shop.platform.settings) as opened:
        return (await opened.live(named(name).source)).generation or 0


async def _documents_are_back(shop: Shop) -> None:
    """Every checkpoint in MongoDB is where the log was when this was asked."""
    async with build(shop.platform.settings) as opened:
        head, store = await opened.reader.head(), opened.stores["mongo"]
        targets = [(await opened.live(each.source)).target for each in ALL if "mongo" in each.source.stores]

        async def look() -> bool | None:
            there = {target: each.position for target, each in (await store.checkpoints()).items()}
            return all(there.get(target, 0) >= head for target in targets) or None

        await eventually(look, 60.0)


async def _verified(shop: Shop) -> None:
    """Every document of every projection is what a refold of the log gives."""
    done = await asyncio.to_thread(shop.platform.command, "verify", "--all", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
