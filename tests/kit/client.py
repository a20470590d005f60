"""Clients for journeys: the REST client of the tools with GraphQL beside it, and the provider's control side."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

from tools.api_client import ADDRESS, PREFIX, ApiClient, NotAsExpected, Reply, open_http

__all__ = ["ADDRESS", "PREFIX", "ApiClient", "NotAsExpected", "Provider", "Reply", "eventually", "graphql", "open_http"]

T = TypeVar("T")


async def eventually(look: Callable[[], Awaitable[T | None]], seconds: float = 15.0, pause: float = 0.03) -> T:
    """What `look` gives, as soon as it gives something. Raises AssertionError after so many seconds."""
    until = asyncio.get_running_loop().time() + seconds
    while True:
        found = await look()
        if found is not None:
            return found
        assert asyncio.get_running_loop().time() < until, f"not within {seconds} s: {look.__qualname__}"
        await asyncio.sleep(pause)


async def graphql(
    client: ApiClient, url: str, query: str, headers: Mapping[str, str] | None = None, **variables: object
) -> Reply:
    """One document; `url` of the GraphQL door."""
    sent = {**({} if client.token is None else {"Authorization": f"Bearer {client.token}"}), **(headers or {})}
    if client.session is not None:
        sent["Cart-Session"] = client.session
    answer = await client.http.post(f"{url}/graphql", json={"query": query, "variables": variables}, headers=sent)
    return Reply(answer.status_code, answer.json(), dict(answer.headers))


@dataclass(frozen=True, slots=True)
class Provider:
    """The payment provider's stand-in: trouble on demand, the customer at the bank, and what money moved."""

    http: httpx2.AsyncClient
    url: str

    async def control(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.http.request(method, f"{self.url}/_control{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def fault(self, kind: str, operation: str, **more: object) -> None:
        await self.control("POST", "/faults", {"kind": kind, "operation": operation, **more})

    async def faults_left(self) -> list[Any]:
        found: list[Any] = (await self.control("GET", "/faults"))["faults"]
        return found

    async def webhooks(self, **policy: object) -> None:
        """How the next events travel."""
        await self.control("PUT", "/webhooks", policy)

    async def release(self, order: str = "original") -> int:
        """Send what was held."""
        return int((await self.control("POST", "/webhooks/release", {"order": order}))["released"])

    async def delivered(self, at_least: int = 0) -> None:
        """Until nothing waits to be sent, and so many deliveries exist."""

        async def look() -> bool | None:
            found = (await self.control("GET", "/webhooks/deliveries?limit=500"))["deliveries"]
            waits = [each for each in found if each["state"] in ("pending", "gathered")]
            return None if waits or len(found) < at_least else True

        await eventually(look)

    async def authenticate(self, intent: str, succeed: bool = True) -> None:
        await self.control("POST", f"/payment_intents/{intent}/authenticate", {"succeed": succeed})

    async def ledger(self, order_id: str) -> list[dict[str, Any]]:
        """Each movement of money for the order, in order."""
        found: list[dict[str, Any]] = (await self.control("GET", f"/ledger?order_id={order_id}"))["entries"]
        return found

    async def balance(self, order_id: str) -> dict[str, Any]:
        """Of the order; empty where no money was ever held."""
        found = (await self.control("GET", f"/balances?order_id={order_id}"))["balances"]
        assert len(found) <= 1
        return dict(found[0]) if found else {}

    async def calm(self) -> None:
        """No trouble any more."""
        await self.control("DELETE", "/faults")
        await self.control("DELETE", "/webhooks")
