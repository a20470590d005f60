"""A worker stands still for longer than its lease, and another takes over. What may the first still do? Nothing."""

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.beside import beside
from tests.kit.client import eventually
from tests.kit.shop import Shop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

PROCESS = "process:collect_payment"
SECONDS = 40.0  # a lease, a start and a purchase, on a machine that is busy
SAYS_SO = 8.0  # seconds
TRIES = 3  # who stands still with a question under way is told that it took too long, and finds the lease taken


@dataclass(frozen=True, slots=True)
class Worker:
    """A process with the name that it holds leases under."""

    name: str
    pid: int
    log: Path

    async def refused(self, told: int) -> bool | None:
        """Has it said since then that its write was refused?"""
        lines = self.log.read_text()[told:].splitlines()
        return any("collect_payment" in line and "Fenced" in line for line in lines) or None


async def test_a_paused_process_that_comes_back_after_its_lease_has_its_next_write_refused(lonely_shop: Shop) -> None:
    shop, platform = lonely_shop, lonely_shop.platform
    variant = await shop.variant(stock=10)
    environment = {"TELOCOMPRO_WORKER": "spare"}
    async with beside(platform, "processes.main", name="processes", environment=environment) as pid:
        spare = Worker("spare", pid, platform.folder / "beside-processes.log")
        for _ in range(TRIES):
            before = await asyncio.to_thread(_held, platform.run.urls["postgres"])
            own = Worker(before["worker"], platform.run.pids["processes"], platform.data / "logs" / "processes.log")
            late = spare if before["worker"] == "spare" else own

            refused = await _paused_and_woken(shop, late, variant, before)
            if refused:
                break
        else:
            pytest.fail(f"no write of a late worker was refused in {TRIES} pauses")
    await (await shop.buy(variant)).paid()  # whoever is left goes on


async def _paused_and_woken(shop: Shop, late: Worker, variant: str, before: Mapping[str, Any]) -> bool:
    """Bought and paid for while it stands still; whether its next write was refused by the fencing number."""
    told = len(late.log.read_text())
    os.kill(late.pid, signal.SIGSTOP)
    try:
        bought = await shop.buy(variant, wait=0)
        await bought.becomes(lambda order: order["paymentStatus"] == "PAID", SECONDS)
        taken = await asyncio.to_thread(_held, shop.urls["postgres"])
    finally:
        os.kill(late.pid, signal.SIGCONT)
    try:
        refused = await eventually(lambda: late.refused(told), SAYS_SO)
    except AssertionError:
        refused = False
    after = await asyncio.to_thread(_held, shop.urls["postgres"])
    entries = await shop.provider.ledger(bought.id)

    assert taken["worker"] != before["worker"]
    assert taken["fence"] == before["fence"] + 1
    assert after == taken
    assert [entry["kind"] for entry in entries] == ["authorised", "captured"]
    return refused


def _held(url: str) -> Mapping[str, Any]:
    """Who holds the lease of the process, under which number."""
    with psycopg.connect(url) as connection:
        row = connection.execute("select worker, fence from work.leases where name = %s", (PROCESS,)).fetchone()
    assert row is not None
    return {"worker": row[0], "fence": row[1]}
