"""The command API over the twins of its ports, and shoppers that talk to it."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import httpx2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI

from infra.memory.accounts import MemoryAccounts
from infra.security import jwks
from infra.security.passwords import Passwords
from infra.security.tokens import Principal, SigningKey, Verifier, sign
from tests.write_model.handling.world import PEPPER, World
from write_model.account.identity import Identity
from write_model.api.app import build_app
from write_model.api.door import Door
from write_model.main import webhook

PREFIX = "/api/v1/rest"
WEBHOOK_SECRET = "whsec_of_a_test"
ADMIN = UUID(int=1)
Answer = httpx2.Response


@cache
def signing_key() -> SigningKey:
    """One for all tests: making it takes longer than a test."""
    made = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.PKCS8
    pem = made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return SigningKey.from_pem(pem.decode())


@dataclass
class Shop:
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.passwords = Passwords(threads=1, cost=4)
        self.accounts = MemoryAccounts()
        self.identity = Identity(self.accounts, self.world.keys, self.passwords, self.world.ids, PEPPER)
        self.app = self.build()
        self.client = self.client_of(self.app)

    def build(self, world: World | None = None) -> FastAPI:
        """The API of one process."""
        chosen = world or self.world
        moment = chosen.clock
        verifier = Verifier(jwks.document([signing_key().public]), lambda: moment._now.timestamp())
        door = Door(
            bus=chosen.bus,
            identity=self.identity,
            verifier=verifier,
            signing_key=signing_key(),
            webhook=webhook([WEBHOOK_SECRET]),
            clock=chosen.clock,
            ids=chosen.ids,
            new_secret=uuid4,
        )
        return build_app(door, origins=["https://shop.example"])

    def client_of(self, app: FastAPI) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url="http://shop.example")

    async def close(self) -> None:
        await self.client.aclose()
        self.passwords.close()

    def token(self, subject: UUID, role: str = "user") -> str:
        return sign(Principal.of(subject, role), signing_key(), self.world.clock._now)

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if key is not None:
            sent["Idempotency-Key"] = key
        content = raw if raw is not None else None if body is None else json.dumps(body).encode()
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        return await self.client.request(method, PREFIX + path, content=content, headers=sent)

    async def staff(self, method: str, path: str, body: object = None) -> Any:
        """By an admin; it must succeed."""
        answer = await self.send(method, path, body, token=self.token(ADMIN, "admin"), key=str(uuid4()))
        assert answer.is_success, answer.text
        return answer.json()

    async def variant_on_sale(self, units: int = 5, price_minor: int = 2499) -> str:
        """The id of a variant that can be bought."""
        texts = {"es": "Gorra", "en": "Cap"}
        product = {"titles": texts, "descriptions": texts, "category": "caps", "taxCategory": "standard"}
        made = await self.staff("POST", "/products", {**product, "currency": "USD"})
        new = {"sku": "CAP", "attributes": {"size": "M"}, "priceMinor": price_minor}
        variant = (await self.staff("POST", f"/products/{made['id']}/variants", new))["variants"][0]["id"]
        await self.staff("POST", f"/products/{made['id']}/publish")
        if units:
            await self.staff("POST", f"/stock-items/{variant}/receipts", {"quantity": units, "reason": "delivery"})
        return str(variant)

    async def customer(self, email: str = "ana@example.com", password: str = "correct horse") -> tuple[UUID, str]:
        """Registered and signed in: id and token."""
        new = {"email": email, "password": password, "name": "Ana Pérez"}
        assert (await self.send("POST", "/customers", new)).status_code == 201
        answer = await self.send("POST", "/auth/sign-in", {"email": email, "password": password})
        return UUID(answer.json()["customerId"]), answer.json()["accessToken"]

    async def ready_cart(self, token: str, variant: str, quantity: int = 1) -> str:
        """A cart that can be ordered."""
        cart = (await self.send("POST", "/carts", {}, token=token)).json()["id"]
        address = {"recipient": "Ana Pérez", "line1": "Av. Amazonas", "city": "Quito", "country": "EC"}
        for method, path, body in (
            ("POST", "items", {"variantId": variant, "quantity": quantity}),
            ("PUT", "address", address),
            ("PUT", "payment-method", {"paymentMethod": "pm_card_visa"}),
        ):
            answer = await self.send(method, f"/carts/{cart}/{path}", body, token=token)
            assert answer.is_success, answer.text
        return str(cart)


@asynccontextmanager
async def open_shop() -> AsyncIterator[Shop]:
    shop = Shop()
    try:
        yield shop
    finally:
        await shop.close()


def signed(raw: bytes, at: int, secret: str = WEBHOOK_SECRET) -> str:
    """As the provider signs a webhook."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


async def at_once(*calls: Any) -> list[Answer]:
    return list(await asyncio.gather(*calls))
