"""What does one shopper do? Whole purchases through the public API, as a browser would: request after answer."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tools.api_client import ADDRESS, PREFIX
from tools.bench.wire import Got, Wire, asked

WAIT = 5  # seconds that the last call waits for the order's fate
METHOD = "pm_card_visa"


class Refused(Exception):
    """The shop said no, or what was asked for is not there."""


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase, with the milliseconds of its last call."""

    order_id: str
    status: str
    last_call: float


class Shopper:
    """Somebody signed in (`token`) with a connection of their own."""

    def __init__(self, url: str, token: str, variants: Sequence[str], chance: random.Random) -> None:
        self._wire, self._variants, self._chance = Wire(url), variants, chance
        self._signed_in = {"authorization": f"Bearer {token}"}

    async def buy(self) -> Bought:
        """A cart of two lines, address, delivery, payment, and the order until it is confirmed. Raises Refused."""
        cart = await self.filled_cart()
        await self._expect(200, "PUT", f"{cart}/address", dict(ADDRESS))
        await self._expect(200, "PUT", f"{cart}/delivery", {"option": "standard"})
        await self._expect(200, "PUT", f"{cart}/payment-method", {"paymentMethod": METHOD})
        begun = time.perf_counter()
        placed = await self._expect(
            201,
            "POST",
            "/orders",
            {"cartId": cart.rpartition("/")[2]},
            {"prefer": f"wait={WAIT}", "idempotency-key": uuid4().hex},
        )
        took = (time.perf_counter() - begun) * 1000
        told: Any = placed.json()
        return Bought(told["id"], told["status"], took)

    async def filled_cart(self) -> str:
        """The path of a new cart with two lines. Raises Refused."""
        created = await self._expect(201, "POST", "/carts", {})
        cart = f"/carts/{created.json()['id']}"
        for variant in self._chance.sample(self._variants, 2):
            await self._expect(200, "POST", f"{cart}/items", {"variantId": variant, "quantity": 1})
        return cart

    async def browse(self) -> None:
        """A list and two product pages. Raises Refused."""
        listed = await self._expect(200, "GET", "/products?available=true&limit=20")
        for product in self._chance.sample(listed.json()["items"], 2):
            await self._expect(200, "GET", f"/products/{product['id']}")

    def close(self) -> None:
        self._wire.close()

    async def _expect(
        self, status: int, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Got:
        request = asked(method, f"{PREFIX}{path}", body, {**self._signed_in, **(headers or {})})
        got = await self._wire.ask(request)
        if got.status != status:
            raise Refused(f"{method} {path}: {got.status} {got.body[:300].decode(errors='replace')}")
        return got
