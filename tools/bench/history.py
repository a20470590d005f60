"""Which past do the long figures look at? Purchases of the demo catalogue, made once by command and kept.

Of ten carts six are ordered; of ten orders one is declined and cancelled, the others are paid for.
"""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from infra.embedded import postgres
from infra.embedded.redis import DATABASES
from infra.postgres.migrate import migrate
from infra.settings import Settings
from tools import seed
from tools.bench.append import ADDRESS
from tools.demo_catalogue import products
from write_model.cart.commands import CreateCart, SelectPaymentMethod, SetShippingAddress
from write_model.checkout.commands import AddToCart, CancelOrder, ConfirmOrder, PlaceOrder
from write_model.customer.commands import RegisterCustomer
from write_model.handling.bus import Answer, Bus, Request
from write_model.kernel.message import Actor, Command
from write_model.main import build
from write_model.order import commands as order
from write_model.payment import commands as payment
from write_model.stock.commands import ReceiveStock

_CUSTOMERS, _UNITS, _AT_ONCE = 200, 1_000_000, 64
_ORDERED, _DECLINED = 0.6, 0.1
_ACTOR = Actor("operator", "bench")
_SEED = 20_260_302


@contextmanager
def history(settings: Settings, events: int, told: Callable[[int], None]) -> Iterator[Settings]:
    """Settings whose log holds so many events (or a few more). Made if it is not there yet; it stays."""
    name = f"bench_history_{events}"
    found = at_database(settings, name)
    if not _exists(settings.stores.postgres_url, name):
        making = f"{name}_making"
        names = (making, f"{making}_keys")
        with psycopg.connect(settings.stores.postgres_url, autocommit=True) as connection:
            for each in names:
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(each)))
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(each)))
        being_made = at_database(settings, making)
        migrate(being_made.stores.postgres_url, being_made.stores.keys_url)
        asyncio.run(_fill(being_made, events, told))
        with psycopg.connect(settings.stores.postgres_url, autocommit=True) as connection:
            for old, new in ((names[1], f"{name}_keys"), (names[0], name)):  # the log's own name says: complete
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(new)))
                connection.execute(
                    sql.SQL("alter database {} rename to {}").format(sql.Identifier(old), sql.Identifier(new))
                )
    yield found


def at_database(settings: Settings, name: str) -> Settings:
    """The same stores, other databases in them."""
    given = settings.stores
    urls = {
        "postgres_url": postgres.named(given.postgres_url, name),
        "keys_url": postgres.named(given.keys_url, f"{name}_keys"),
        "mongo_url": postgres.named(given.mongo_url, name),
        "redis_url": postgres.named(given.redis_url, str(DATABASES - 1)),
    }
    return settings.model_copy(update={"stores": given.model_copy(update=urls)})


def _exists(url: str, name: str) -> bool:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is not None


async def _fill(settings: Settings, events: int, told: Callable[[int], None]) -> None:
    async with build(settings) as write:
        await seed.load(write.bus, list(products()))
        past = Past(write.bus, random.Random(_SEED))  # noqa: S311 the same past everywhere
        await past.open()
        while (head := await write.reader.head()) < events:
            told(head)
            await asyncio.gather(*(past.cart() for _ in range(_AT_ONCE)))


class Past:
    """What happened in the shop."""

    def __init__(self, bus: Bus, chance: random.Random) -> None:
        self._bus, self._chance = bus, chance
        self._variants = [variant.variant_id for product in products() for variant in product.variants]
        self._customers: Sequence[UUID] = [uuid4() for _ in range(_CUSTOMERS)]

    async def open(self) -> None:
        """Stock that lasts, and customers."""
        for variant in self._variants:
            await self._send(ReceiveStock(variant_id=variant, quantity=_UNITS, reason="delivery"))
        for customer_id in self._customers:
            email = f"{customer_id.hex}@example.com"
            await self._send(
                RegisterCustomer(
                    customer_id=customer_id, email=email, name="A. Person", email_hmac=customer_id.hex * 2, locale="es"
                )
            )

    async def cart(self) -> None:
        """One shopper: fills a cart, and perhaps orders it."""
        cart_id, customer_id = uuid4(), self._chance.choice(self._customers)
        await self._send(CreateCart(cart_id=cart_id, market="EC", customer_id=customer_id))
        for variant in self._chance.sample(self._variants, self._chance.randint(1, 4)):
            quantity = self._chance.randint(1, 3)
            await self._send(AddToCart(cart_id=cart_id, line_id=uuid4(), variant_id=variant, quantity=quantity))
        if self._chance.random() < _ORDERED:
            await self._send(SetShippingAddress(cart_id=cart_id, address=ADDRESS))
            await self._send(SelectPaymentMethod(cart_id=cart_id, method="pm_card_visa"))
            await self._order(cart_id, customer_id)

    async def _order(self, cart_id: UUID, customer_id: UUID) -> None:
        order_id, payment_id = uuid4(), uuid4()
        placed: Any = await self._send(
            PlaceOrder(cart_id=cart_id, order_id=order_id, payment_id=payment_id, customer_id=customer_id)
        )
        total = placed.body["total"]
        amount, currency = total["amountMinor"], total["currency"]
        await self._send(payment.AuthorizePayment(payment_id=payment_id))
        is_declined = self._chance.random() < _DECLINED
        answers = declined(order_id, payment_id) if is_declined else paid(order_id, payment_id, amount, currency)
        for command in answers:
            await self._send(command)

    async def _send(self, command: Command) -> Answer:
        request = Request(command=command, caller="operator:bench", actor=_ACTOR, key=str(uuid4()))
        return await self._bus.handle(request)


def declined(order_id: UUID, payment_id: UUID) -> Sequence[Command]:
    """What follows when the provider says no."""
    ref, code = f"pi_{payment_id.hex}", "card_declined"
    return (
        payment.RecordAuthorizationFailed(
            payment_id=payment_id, provider_ref=ref, decline_code=code, provider_at=datetime.now(UTC)
        ),
        order.RecordPaymentDeclined(order_id=order_id, payment_id=payment_id, decline_code=code),
        CancelOrder(order_id=order_id, reason="payment_declined", decline_code=code),
    )


def paid(order_id: UUID, payment_id: UUID, amount: int, currency: str) -> Sequence[Command]:
    """What follows when the provider authorises, and later captures."""
    ref, now = f"pi_{payment_id.hex}", datetime.now(UTC)
    return (
        payment.RecordAuthorized(
            payment_id=payment_id, provider_ref=ref, amount_minor=amount, currency=currency, provider_at=now
        ),
        order.RecordPaymentAuthorized(order_id=order_id, payment_id=payment_id, amount_minor=amount),
        ConfirmOrder(order_id=order_id),
        payment.CapturePayment(payment_id=payment_id),
        payment.RecordCaptured(
            payment_id=payment_id, provider_ref=ref, amount_minor=amount, currency=currency, provider_at=now
        ),
        order.RecordPaymentCaptured(order_id=order_id, payment_id=payment_id, amount_minor=amount),
    )
