"""Who carries the webhooks? A background task that signs, sends, and tries again with back-off."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable

import httpx2

from infra.lost_connections import LOST
from tools.standins.stripe import deliveries
from tools.standins.stripe.book import Body, Book

ATTEMPTS = 16
FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
ANSWER_SECONDS = 10.0
AT_ONCE = 8
NOT_DELIVERED: tuple[type[Exception], ...] = (*LOST, httpx2.InvalidURL, ValueError)


def signature(secret: str, body: bytes, at: int) -> str:
    """The value of `Stripe-Signature`."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


class Courier:
    """Sends what is due until it is cancelled. Rows survive a restart; an unfinished one is sent again."""

    def __init__(self, book: Book, now: Callable[[], float] = time.time) -> None:
        self.book = book
        self.now = now
        self.called = asyncio.Event()

    def call(self) -> None:
        """Something may be due."""
        self.called.set()

    async def run(self) -> None:
        async with httpx2.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as client:
            while True:
                self.called.clear()
                rows = deliveries.due(self.book, self.now(), 64)
                await self._send_all(client, rows)
                if not rows:
                    await self._wait()

    async def _wait(self) -> None:
        next_at = deliveries.next_due(self.book)
        seconds = 3600.0 if next_at is None else max(0.0, next_at - self.now())
        try:
            async with asyncio.timeout(seconds):
                await self.called.wait()
        except TimeoutError:
            return

    async def _send_all(self, client: httpx2.AsyncClient, rows: list[Body]) -> None:
        """Ordered ones one after the other, the others side by side."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(row: Body) -> None:
            async with gate:
                await self._send(client, row)

        async def in_order(some: list[Body]) -> None:
            for row in some:
                await self._send(client, row)

        async with asyncio.TaskGroup() as group:
            group.create_task(in_order([row for row in rows if row["ordered"]]))
            for row in rows:
                if not row["ordered"]:
                    group.create_task(one(row))

    async def _send(self, client: httpx2.AsyncClient, row: Body) -> None:
        endpoint = self.book.get("webhook_endpoint", row["endpoint"])
        if endpoint is None or endpoint["status"] != "enabled":
            deliveries.finish(self.book, row["id"], "failed", "the endpoint is gone", row["next_at"])
            return
        raw = row["body"].encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": signature(endpoint["secret"], raw, int(self.now()) - row["age"]),
        }
        try:
            answer = await client.post(endpoint["url"], content=raw, headers=headers)
            told, well = str(answer.status_code), answer.is_success
        except NOT_DELIVERED as failed:
            told, well = type(failed).__name__, False
        self._note(row, told, well)

    def _note(self, row: Body, told: str, well: bool) -> None:
        tries = row["attempts"] + 1
        if well or tries >= ATTEMPTS:
            deliveries.finish(self.book, row["id"], "delivered" if well else "failed", told, row["next_at"])
            return
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1))
        deliveries.finish(self.book, row["id"], "pending", told, self.now() + wait)
