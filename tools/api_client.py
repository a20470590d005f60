"""How does a client of the public API buy something? As a partner would write it: HTTP and JSON, nothing of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

PREFIX = "/api/v1/rest"
PASSWORD = "correct horse battery staple"  # noqa: S105 of invented customers
ADDRESS: Mapping[str, object] = {
    "recipient": "Ana Pérez",
    "line1": "Av. Amazonas N34-451",
    "city": "Quito",
    "postalCode": "170506",
    "country": "EC",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str | None:
        """Of a problem."""
        return self.body.get("code") if isinstance(self.body, dict) else None

    @property
    def position(self) -> int:
        return int(self.headers["consistency-token"])


class NotAsExpected(Exception):
    """The API said something else than it should have."""


@dataclass(slots=True)
class ApiClient:
    """One client of the REST API: somebody signed in (`token`), the holder of a cart (`session`), or nobody."""

    http: httpx2.AsyncClient
    url: str  # of the REST door
    token: str | None = None
    session: str | None = None
    customer_id: str | None = None
    email: str | None = None
    headers: dict[str, str] = field(default_factory=dict)  # with every request

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        wait: int | None = None,
        at_least: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """`path` below the prefix. `key`: Idempotency-Key; `wait`: Prefer; `at_least`: Consistency-Token."""
        given = {
            "Authorization": self.token and f"Bearer {self.token}",
            "Cart-Session": self.session,
            "Idempotency-Key": key,
            "Prefer": None if wait is None else f"wait={wait}",
            "Consistency-Token": None if at_least is None else str(at_least),
            **self.headers,
            **(headers or {}),
        }
        sent = {name: value for name, value in given.items() if value is not None}
        answer = await self.http.request(method, f"{self.url}{PREFIX}{path}", json=body, headers=sent)
        is_json = "json" in answer.headers.get("content-type", "")
        return Reply(answer.status_code, answer.json() if is_json else answer.text, dict(answer.headers))

    async def get(self, path: str, at_least: int | None = None, wait: int | None = None) -> Reply:
        return await self.ask("GET", path, at_least=at_least, wait=wait)

    async def expect(self, status: int, method: str, path: str, body: object = None, **named: Any) -> Reply:
        """Raises NotAsExpected with what was said instead."""
        reply = await self.ask(method, path, body, **named)
        if reply.status != status:
            raise NotAsExpected(f"{method} {path}: {reply.status} instead of {status}: {reply.body}")
        return reply

    async def register(self, name: str = "Ana Pérez", email: str | None = None, locale: str = "es") -> None:
        """A customer with a fresh address, signed in from now on."""
        self.email = email or f"ana.{uuid4().hex[:12]}@example.com"
        who = {"email": self.email, "password": PASSWORD}
        await self.expect(201, "POST", "/customers", {**who, "name": name, "locale": locale})
        signed_in = await self.expect(200, "POST", "/auth/sign-in", who)
        self.token, self.customer_id = signed_in.body["accessToken"], signed_in.body["customerId"]

    async def fill_cart(
        self, lines: Sequence[tuple[str, int]], method: str = "pm_card_visa", address: Mapping[str, object] = ADDRESS
    ) -> Reply:
        """A cart of these variants and quantities that can be ordered: its last answer."""
        created = await self.expect(201, "POST", "/carts", {})
        self.session = created.headers.get("cart-session", self.session)
        cart = f"/carts/{created.body['id']}"
        for variant, quantity in lines:
            await self.expect(200, "POST", f"{cart}/items", {"variantId": variant, "quantity": quantity})
        await self.expect(200, "PUT", f"{cart}/address", dict(address))
        await self.expect(200, "PUT", f"{cart}/delivery", {"option": "standard"})
        return await self.expect(200, "PUT", f"{cart}/payment-method", {"paymentMethod": method})

    async def place(self, cart_id: str, key: str | None = None, wait: int | None = None) -> Reply:
        """Whatever the answer is."""
        return await self.ask("POST", "/orders", {"cartId": cart_id}, key=key or uuid4().hex, wait=wait)


def open_http(seconds: float = 15.0, connections: int = 100) -> httpx2.AsyncClient:
    """Proxies of the environment are not asked."""
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx2.AsyncClient(timeout=seconds, trust_env=False, limits=limits)
