"""A worker stands still for longer than its lease, and another takes over. What may the first still do? Nothing."""

import asyncio
import os
import signal
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest

from tests.faults.beside import beside
from tests.kit.client import eventually
from tests.kit.shop import Shop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

PROCESS = "process:collect_payment"
SECONDS = 40.0  # a lease, a start and a purchase, on a machine that is busy


async def test_a_paused_process_that_comes_back_after_its_lease_has_its_next_write_refused(lonely_shop: Shop) -> None:
    shop, run = lonely_shop, lonely_shop.platform.run
    log = shop.platform.data / "logs" / "processes.log"
    variant = await shop.variant(stock=10)
    before, told = await asyncio.to_thread(_held, run.urls["postgres"]), len(log.read_text())
    async with beside(shop.platform, "processes.main", name="processes", environment={"TELOCOMPRO_WORKER": "spare"}):
        os.kill(run.pids["processes"], signal.SIGSTOP)
        try:
            bought = await shop.buy(variant, wait=0)
            await bought.becomes(lambda order: order["paymentStatus"] == "PAID", SECONDS)
            taken = await asyncio.to_thread(_held, run.urls["postgres"])
        finally:
            os.kill(run.pids["processes"], signal.SIGCONT)

        async def refused() -> bool | None:
            lines = log.read_text()[told:].splitlines()
            return any("collect_payment" in line and "Fenced" in line for line in lines) or None

        await eventually(refused, SECONDS)
        after = await asyncio.to_thread(_held, run.urls["postgres"])
        entries = await shop.provider.ledger(bought.id)

    assert taken == {"worker": "spare", "fence": before["fence"] + 1}
    assert after == taken
    assert [entry["kind"] for entry in entries] == ["authorised", "captured"]
    await (await shop.buy(variant)).paid()  # the first goes on when the spare has gone


def _held(url: str) -> Mapping[str, Any]:
    """Who holds the lease of the process, under which number."""
    with psycopg.connect(url) as connection:
        row = connection.execute("select worker, fence from work.leases where name = %s", (PROCESS,)).fetchone()
    assert row is not None
    return {"worker": row[0], "fence": row[1]}
