"""Does it work again? One purchase through the part that was harmed, asked for until it succeeds."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from websockets.exceptions import WebSocketException

from infra.lost_connections import LOST
from tests.faults.ground import Ground
from tests.faults.lines import HOST
from tests.faults.shoppers import SETTLED, GaveUp, Party, Shop, filled_cart
from tests.kit.socket_client import socket_client
from tools.api_client import Reply

EVERY = 0.05  # seconds between two tries
PATIENCE = 60.0
SECONDS = 2.0  # of one try that has no limit of its own


@dataclass(slots=True)
class Probes:
    """Asks past the door's line, with carts that were filled before."""

    ground: Ground
    shop: Shop
    party: Party
    carts: deque[str] = field(default_factory=deque)

    async def prepare(self, carts: int) -> None:
        """Carts for the next purchases, by somebody whose token is fresh: a round may outlast one."""
        self.shop.sign_in(self.party)
        while len(self.carts) < carts:
            self.carts.append(await filled_cart(self.party, self.shop.variants[:1]))

    async def recovered(self, part: str, since: float) -> float:
        """Seconds from `since` (monotonic) until a purchase through that part has succeeded. Raises GaveUp."""
        ways: Mapping[str, Callable[[], Awaitable[object]]] = {
            "http": self.placed,
            "ws": self._socket,
            "projections": self._read,
            "mail": self._mail,
            "stripe": self._provider,
        }
        await ways.get(part, self.confirmed)()
        return time.monotonic() - since

    async def placed(self, wait: int | None = None) -> Reply:
        cart = self.carts.popleft()
        reply = await self.party.tell("place", "POST", "/orders", {"cartId": cart}, key=f"place-{cart}", wait=wait)
        if reply.status != 201:
            raise GaveUp(f"a purchase was refused: {reply.status} {reply.body}"[:300])
        self.shop.orders[reply.body["id"]] = self.party.api.customer_id or ""
        return reply

    async def confirmed(self) -> None:
        """Placed, paid for, confirmed."""
        if not self.carts:
            await self.prepare(1)
        cart = self.carts[0]
        until = time.monotonic() + PATIENCE
        while True:
            reply = await self.placed(wait=5)
            if reply.body["status"] in SETTLED:
                return
            if time.monotonic() > until:
                raise GaveUp(f"order {reply.body['id']} is {reply.body['status']}")
            self.carts.appendleft(cart)  # the same key again: it tells how the order stands

    async def _read(self) -> None:
        placed = await self.placed()
        until = time.monotonic() + PATIENCE
        while (await self.party.look("order", f"/orders/{placed.body['id']}")).status != 200:
            if time.monotonic() > until:
                raise GaveUp(f"order {placed.body['id']} is not shown")
            await asyncio.sleep(EVERY)

    async def _socket(self) -> None:
        async def ask() -> bool:
            async with socket_client(self.ground.urls["ws"], self.party.api.token) as client:
                return bool((await client.ask("ping", seconds=SECONDS))["type"] == "pong")

        await self._until(ask)

    async def _mail(self) -> None:
        async def greet() -> bool:
            reader, writer = await asyncio.open_connection(HOST, urlsplit(self.ground.urls["mail"]).port)
            try:
                return (await reader.readline()).startswith(b"220")
            finally:
                writer.close()

        await self._until(greet)

    async def _provider(self) -> None:
        async def ask() -> bool:
            return bool((await self.ground.http.get(f"{self.ground.urls['stripe']}/_control/health")).is_success)

        await self._until(ask)
        await self.placed()

    async def _until(self, works: Callable[[], Awaitable[bool]]) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(OSError, TimeoutError, WebSocketException, *LOST):
                async with asyncio.timeout(SECONDS):
                    if await works():
                        return
            await asyncio.sleep(EVERY)
        raise GaveUp(f"nothing answers: {works.__qualname__}")
