"""A platform of the proof's own, in which a little of everything was sold while somebody took down what clients saw."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.checker.history import Histories
from tests.checker.outside import Outside, look_outside
from tests.checker.places import Places, read_places
from tests.checker.settling import settle
from tests.kit.platform import ROOT, Platform, base_of_free_ports
from tests.kit.shop import Shop, open_shop
from tools.api_client import ADDRESS, ApiClient, Reply

GOOD, DECLINED, ASKS = "pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_threeDSecure2Required"
START_SECONDS, END_SECONDS, REST_SECONDS = 150.0, 60.0, 60.0


@dataclass(slots=True)
class Watched(ApiClient):
    """A client whose requests are taken down, as the fault suite does it."""

    name: str = ""
    records: list[dict[str, Any]] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: object = None, **named: Any) -> Reply:
        is_known = self.token is not None or self.session is not None  # else nobody could be recognised by a key
        if method != "GET" and is_known and named.get("key") is None:
            named["key"] = uuid4().hex
        sent = time.monotonic()
        reply = await ApiClient.ask(self, method, path, body, **named)
        token = reply.headers.get("consistency-token")
        shown = reply.body if isinstance(reply.body, dict) else None
        record = {
            "client": self.name,
            "kind": "read" if method == "GET" else "command",
            "operation": f"{method} {path.split('/')[1]}",
            "target": path,
            "key": named.get("key"),
            "token": named.get("at_least"),
            "sent": sent,
            "answered": time.monotonic(),
            "status": reply.status,
            "position": None if token is None else int(token),
            "version": None if shown is None else shown.get("version"),
            "body": shown,
        }
        self.records.append(record)
        return reply


@dataclass(slots=True)
class Sold:
    """The orders by what became of them, and all that the checker needs."""

    places: Places
    outside: Outside
    run: Path
    history: Path
    orders: Mapping[str, str]
    variant: str
    records: list[dict[str, Any]]

    def histories(self) -> Histories:
        return Histories([self.history])


@contextmanager
def sold() -> Iterator[Sold]:
    """Started, sold in, at rest; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tlc-proof-"))
    folder.chmod(0o711)
    try:
        with _running(folder) as platform:
            yield asyncio.run(_selling(platform))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(folder: Path) -> Iterator[Platform]:
    platform, log = Platform(folder), folder / "up.log"
    left_out = ("TELOCOMPRO_", "KEYS_", "PYTEST", "MAKE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    environment |= {"TELOCOMPRO_DATA": str(platform.data), "TELOCOMPRO_PORT_BASE": str(base_of_free_ports())}
    with log.open("wb") as out:
        line = [sys.executable, "-m", "tools.cli", "up"]
        runner = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        until = time.monotonic() + START_SECONDS
        while b"ready in" not in log.read_bytes():
            assert runner.poll() is None, platform.said()
            assert time.monotonic() < until, platform.said()
            time.sleep(0.05)
        folders = tuple(platform.run.folders.values())
        yield platform
    finally:
        runner.send_signal(signal.SIGINT)
        runner.wait(END_SECONDS)
    for place in folders:  # a store may lie elsewhere
        shutil.rmtree(place, ignore_errors=True)


async def _selling(platform: Platform) -> Sold:
    async with open_shop(platform, alone=True) as shop:
        stock = await shop.variant(stock=20)
        await shop.variant(stock=3)
        records: list[dict[str, Any]] = []
        orders: dict[str, str] = {}
        for what, method in (("paid", GOOD), ("cancelled", GOOD), ("refunded", GOOD), ("declined", DECLINED)):
            orders[what] = await _bought(shop, stock, method, what, records)
        orders["waiting"] = await _bought(shop, stock, ASKS, "waiting", records)
        guest = Watched(shop.http, shop.urls["rest"], name="guest", records=records)
        await guest.fill_cart([(stock, 1)], address=ADDRESS)
    run = platform.data / "run.json"
    places = read_places(run)
    assert settle(places, REST_SECONDS)
    history = platform.folder / "history.jsonl"
    history.write_text("".join(json.dumps(record) + "\n" for record in records))
    return Sold(places, look_outside(places), run, history, orders, stock, records)


async def _bought(shop: Shop, variant: str, method: str, what: str, records: list[dict[str, Any]]) -> str:
    """One order's whole story, by a customer of its own; each step is read again by who made it."""
    known = await shop.customer()
    client = Watched(shop.http, known.url, known.token, customer_id=known.customer_id, name=what, records=records)
    cart = await client.fill_cart([(variant, 2)], method)
    key = uuid4().hex
    placed = await client.place(cart.body["id"], key, wait=5)
    assert placed.status == 201, placed.body
    order = str(placed.body["id"])
    await client.place(cart.body["id"], key)
    if what in ("cancelled", "refunded"):
        await _until(client, order, "PAID")
    if what == "cancelled":
        told = await client.ask("POST", f"/orders/{order}/cancel", {"reason": "ordered by mistake"})
        assert told.status == 200, told.body
        await _until(client, order, "REFUNDED")
    if what == "refunded":
        admin = shop.admin()
        cashier = Watched(shop.http, admin.url, admin.token, name="cashier", records=records)
        wish = {"reason": "damaged", "amountMinor": 100}
        told = await cashier.ask("POST", f"/orders/{order}/refunds", wish)
        assert told.status == 202, told.body
        await _until(client, order, "PARTIALLY_REFUNDED")
    for path in (f"/orders/{order}", f"/orders/{order}/timeline", f"/carts/{cart.body['id']}"):
        read = await client.get(path, at_least=placed.position, wait=5)
        assert read.status == 200, read.body
    await client.get(f"/stock-items/{variant}")
    return order


async def _until(client: Watched, order: str, payment: str) -> None:
    until = time.monotonic() + REST_SECONDS
    while True:
        read = await client.get(f"/orders/{order}")
        if read.status == 200 and read.body["paymentStatus"] == payment:
            return
        assert time.monotonic() < until, read.body
        await asyncio.sleep(0.05)
