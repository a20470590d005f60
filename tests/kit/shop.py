"""A shop on the running platform: goods, customers and carts made by command, everything else over its doors."""

import fcntl
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from infra.security.tokens import Principal, SigningKey, sign
from tests.kit.client import ApiClient, Provider, Reply, eventually, open_http
from tests.kit.platform import Platform
from tools.token import OPERATOR
from write_model.cart.commands import CreateCart, SelectPaymentMethod, SetShippingAddress
from write_model.checkout.commands import AddToCart, AddVariant
from write_model.customer.commands import RegisterCustomer
from write_model.handling.bus import Answer
from write_model.handling.request import Request
from write_model.kernel.address import Address
from write_model.kernel.ids import stock_item, stream
from write_model.kernel.message import Actor, Command
from write_model.main import WriteModel, build
from write_model.order.public import answer as order_answer
from write_model.payment.public import answer as payment_answer
from write_model.product.commands import CreateProduct, PublishProduct
from write_model.stock.commands import ReceiveStock

PRICE = 2000  # cents
ADDRESS = Address(recipient="Ana Pérez", line1="Av. Amazonas N34-451", city="Quito", country="EC")
SHOPKEEPER = Actor("operator", "tests")


@dataclass(frozen=True, slots=True)
class Shop:
    """What a journey needs at hand."""

    platform: Platform
    write: WriteModel
    http: httpx2.AsyncClient
    provider: Provider
    key: SigningKey

    @property
    def urls(self) -> dict[str, str]:
        return dict(self.platform.run.urls)

    async def send(self, command: Command, actor: Actor = SHOPKEEPER) -> Answer:
        """Straight to the bus."""
        return await self.write.bus.handle(Request(command=command, caller="tests", actor=actor))

    async def variant(self, stock: int = 10, price_minor: int = PRICE) -> str:
        """Of a new product on sale, with so many units on hand."""
        product_id, variant_id = self.write.ids.new(), self.write.ids.new()
        titles = {"es": f"Gorra {product_id.hex[-6:]}", "en": f"Cap {product_id.hex[-6:]}"}
        await self.send(
            CreateProduct(
                product_id=product_id,
                titles=titles,
                descriptions=titles,
                category="caps",
                tax_category="standard",
                currency="USD",
            )
        )
        sku = f"CAP-{product_id.hex[-8:].upper()}"
        await self.send(
            AddVariant(product_id=product_id, variant_id=variant_id, sku=sku, attributes={}, price_minor=price_minor)
        )
        if stock:
            await self.send(ReceiveStock(variant_id=variant_id, quantity=stock, reason="first delivery"))
        await self.send(PublishProduct(product_id=product_id))
        return str(variant_id)

    async def product_of(self, variant: str) -> str:
        state: Any = await self.write.bus.state(stock_stream(variant))
        return str(state.product_id)

    async def customer(self, url: str | None = None, name: str = "Ana Pérez") -> ApiClient:
        """Registered by command and signed in with a token of the platform's own key: no password is hashed."""
        customer_id = self.write.ids.new()
        email = f"ana.{customer_id.hex[-12:]}@example.com"
        register = RegisterCustomer(
            customer_id=customer_id, email=email, name=name, email_hmac=uuid4().hex * 2, locale="es"
        )
        await self.send(register, Actor("customer", str(customer_id)))
        client = ApiClient(self.http, url or self.urls["rest"], customer_id=str(customer_id), email=email)
        client.token = self.token(customer_id)
        return client

    def anonymous(self) -> ApiClient:
        return ApiClient(self.http, self.urls["rest"])

    def admin(self) -> ApiClient:
        return ApiClient(self.http, self.urls["rest"], token=self.token(OPERATOR, "admin"))

    def token(self, subject: UUID, role: str = "user", age: int = 0) -> str:
        """Signed `age` seconds ago."""
        return sign(Principal.of(subject, role), self.key, datetime.now(UTC) - timedelta(seconds=age))

    async def cart(self, customer: ApiClient, lines: Sequence[tuple[str, int]], method: str = "pm_card_visa") -> str:
        """Of this customer, ready to be ordered."""
        customer_id, cart_id = UUID(customer.customer_id), self.write.ids.new()
        actor = Actor("customer", str(customer_id))
        await self.send(CreateCart(cart_id=cart_id, market="EC", customer_id=customer_id), actor)
        for variant, quantity in lines:
            line_id = self.write.ids.new()
            add = AddToCart(cart_id=cart_id, line_id=line_id, variant_id=UUID(variant), quantity=quantity)
            await self.send(add, actor)
        await self.send(SetShippingAddress(cart_id=cart_id, address=ADDRESS), actor)
        await self.send(SelectPaymentMethod(cart_id=cart_id, method=method), actor)
        return str(cart_id)

    async def buy(
        self, variant: str, quantity: int = 1, method: str = "pm_card_visa", wait: int | None = 5
    ) -> "Bought":
        """A new customer's order, placed over REST."""
        customer = await self.customer()
        placed = await customer.place(await self.cart(customer, [(variant, quantity)], method), wait=wait)
        assert placed.status == 201, placed.body
        return Bought(self, customer, placed)

    async def order_state(self, order_id: str) -> dict[str, Any]:
        """As the log has it: the body of a command's answer."""
        state: Any = await self.write.bus.state(stream("order", UUID(order_id)))
        return {**order_answer(state), "lifecycle": state.lifecycle}

    async def payment_state(self, payment_id: str) -> dict[str, Any]:
        return payment_answer(await self.write.bus.state(stream("payment", UUID(payment_id))))  # type: ignore[arg-type]

    async def available(self, variant: str) -> int:
        """As the log has it."""
        state: Any = await self.write.bus.state(stock_stream(variant))
        return int(state.available)

    async def events(self, name: str) -> list[Any]:
        """Of one stream."""
        envelopes = await self.write.decode(await self.write.reader.stream(name))
        return [envelope.event for envelope in envelopes]


@dataclass(frozen=True, slots=True)
class Bought:
    """An order with whose it is."""

    shop: Shop
    customer: ApiClient
    placed: Reply

    @property
    def id(self) -> str:
        return str(self.placed.body["id"])

    @property
    def payment_id(self) -> str:
        return str(self.placed.body["paymentId"])

    @property
    def total(self) -> int:
        return int(self.placed.body["total"]["amountMinor"])

    async def becomes(self, is_it: Callable[[dict[str, Any]], bool], seconds: float = 20.0) -> dict[str, Any]:
        """The order, once it is like that."""
        last: dict[str, Any] = {}

        async def look() -> dict[str, Any] | None:
            nonlocal last
            last = await self.shop.order_state(self.id)
            return last if is_it(last) else None

        try:
            return await eventually(look, seconds)
        except AssertionError:
            payment = await self.shop.payment_state(self.payment_id)
            raise AssertionError(json.dumps({"order": last, "payment": payment}, default=str)) from None

    async def paid(self) -> dict[str, Any]:
        return await self.becomes(lambda order: order["paymentStatus"] == "PAID")

    async def shown(self, at_least: int | None = None) -> dict[str, Any]:
        """As its customer reads it."""
        read = await self.customer.get(f"/orders/{self.id}", at_least=at_least, wait=5)
        assert read.status == 200, read.body
        return dict(read.body)

    async def intent(self) -> str:
        """The provider's own id of the payment."""
        for event in await self.shop.events(f"payment-{self.payment_id}"):
            if getattr(event, "provider_ref", None):
                return str(event.provider_ref)
        raise AssertionError("the provider has not been heard of")


def stock_stream(variant: str) -> str:
    return stream("stock", stock_item(UUID(variant), "main"))


@asynccontextmanager
async def open_shop(platform: Platform, alone: bool) -> AsyncIterator[Shop]:
    """`alone`: no other worker's journey runs beside it."""
    with (platform.folder / "turn").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        settings = platform.settings
        key = SigningKey.from_pem(settings.secrets.signing_key_pem())
        async with build(settings) as write, open_http(seconds=30.0, connections=250) as http:
            provider = Provider(http, platform.run.urls["stripe"])
            yield Shop(platform, write, http, provider, key)
            if alone:
                await provider.calm()


@pytest.fixture
async def shop(platform: Platform) -> AsyncIterator[Shop]:
    """Beside others."""
    async with open_shop(platform, alone=False) as opened:
        yield opened


@pytest.fixture
async def lonely_shop(platform: Platform) -> AsyncIterator[Shop]:
    """For what others would feel: faults of the provider, stores that stop, heads that must not move."""
    async with open_shop(platform, alone=True) as opened:
        yield opened
