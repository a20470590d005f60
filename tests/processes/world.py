"""A shop over twins of everything: the processes turn, workers perform, the provider answers and tells by webhook."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from infra.memory.broker import MemoryBroker
from infra.memory.mail import MemoryMailer
from infra.memory.provider import MemoryProvider
from infra.memory.work import MemoryLeases, MemoryWork
from infra.ports import Charge
from processes.collect_payment import charging
from processes.main import PROCESSES, heard_types
from processes.notify_customer import sending
from processes.notify_customer.letters import Letters
from processes.refund_payment import refunding
from processes.running.messages import Process
from processes.running.outbox import work_one
from processes.running.runner import Pace, run
from processes.running.tail import Tail
from tests.write_model.handling.world import World
from write_model.cart.commands import CreateCart, SelectPaymentMethod, SetShippingAddress
from write_model.checkout.commands import AddToCart, AddVariant, CancelOrder, PlaceOrder
from write_model.customer.commands import RegisterCustomer
from write_model.handling.registry import decoder
from write_model.kernel.address import Address
from write_model.kernel.ids import stock_item, stream
from write_model.kernel.message import Command, Event
from write_model.order.state import Order
from write_model.payment.state import Payment
from write_model.product.commands import CreateProduct, PublishProduct
from write_model.provider_event.commands import RecordProviderEvent
from write_model.stock.commands import ReceiveStock
from write_model.stock.state import StockItem

QUICK = Pace(look=0.01, look_released=0.01, save_position=0.01, lease=60.0)
EMAIL = "ada@example.com"


@dataclass
class PaidWorld(World):
    """Ask for `going()`, then buy."""

    webhooks: bool = True  # told as soon as they happen
    processes: Sequence[Process[Any]] = PROCESSES
    held_webhooks: list[RecordProviderEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.work = MemoryWork(self.clock)
        self.leases = MemoryLeases(self.clock)
        self.broker = MemoryBroker()
        self.mailer = MemoryMailer()
        self.provider = MemoryProvider(self.clock, tell=self._told)
        self.decode = decoder(self.codec, self.keys)
        self._webhooks: asyncio.Queue[RecordProviderEvent] = asyncio.Queue()
        self._count = 0
        self.performers = {
            **charging.performers(self.provider),
            **refunding.performers(self.provider),
            **sending.performers(self.log, self.decode, self.mailer, Letters()),
        }

    @asynccontextmanager
    async def going(self, *, workers: int = 2) -> AsyncIterator["PaidWorld"]:
        async with asyncio.TaskGroup() as tasks:
            tail = Tail(self.log, self.decode, heard_types())
            running = [
                tasks.create_task(
                    run(each, tail, self.work, self.leases, self.bus, self.broker, self.clock, worker="w", pace=QUICK)
                )
                for each in self.processes
            ]
            running += [tasks.create_task(self._worker(f"worker {number}")) for number in range(workers)]
            running.append(tasks.create_task(self._sweeper()))
            running.append(tasks.create_task(self._postman()))
            try:
                yield self
            finally:
                for task in running:
                    task.cancel()

    async def order(self, method: str = "pm_card_visa", *, units: int = 10, quantity: int = 1) -> "Bought":
        """A new customer buys a new product."""
        customer_id, product_id, variant_id = self.ids.new(), self.ids.new(), self.ids.new()
        cart_id, line_id = self.ids.new(), self.ids.new()
        bought = Bought(self, self.ids.new(), self.ids.new(), customer_id, variant_id)
        titles = {"es": "Cámara", "en": "Camera"}
        address = Address(recipient="Ada", line1="Calle 1", city="Guayaquil", country="EC")
        for command in (
            RegisterCustomer(customer_id=customer_id, email=EMAIL, name="Ada", email_hmac="0" * 64, locale="es"),
            CreateProduct(
                product_id=product_id,
                titles=titles,
                descriptions=titles,
                category="cameras",
                tax_category="standard",
                currency="USD",
            ),
            AddVariant(product_id=product_id, variant_id=variant_id, sku="CAM-1", attributes={}, price_minor=2499),
            ReceiveStock(variant_id=variant_id, quantity=units, reason="first delivery"),
            PublishProduct(product_id=product_id),
            CreateCart(cart_id=cart_id, market="EC", customer_id=customer_id),
            AddToCart(cart_id=cart_id, line_id=line_id, variant_id=variant_id, quantity=quantity),
            SetShippingAddress(cart_id=cart_id, address=address),
            SelectPaymentMethod(cart_id=cart_id, method=method),
            PlaceOrder(
                cart_id=cart_id, order_id=bought.order_id, payment_id=bought.payment_id, customer_id=customer_id
            ),
        ):
            await self.send(command)
        return bought

    async def deliver(self, *said: RecordProviderEvent) -> None:
        """Webhooks that were held back, in this order."""
        for command in said:
            await self.send(command)

    async def types(self) -> list[str]:
        return [row.type for row in await self.rows()]

    def _told(self, kind: str, charge: Charge) -> None:
        self._count += 1
        payment = next(line for line in self.provider._intents.values() if line.ref == charge.ref).order
        said = RecordProviderEvent(
            provider="stripe",
            provider_event_id=f"evt_{self._count}",
            type=kind,
            created_at=charge.at,
            payment_ref=charge.ref,
            order_id=charge.order_id,
            payment_id=payment.payment_id,
            status=charge.state.value.lower(),
            amount_minor=charge.amount_minor,
            captured_minor=charge.captured_minor,
            currency=charge.currency,
            decline_code=charge.decline_code,
            client_action=charge.client_action,
        )
        if self.webhooks:
            self._webhooks.put_nowait(said)
        else:
            self.held_webhooks.append(said)

    async def _postman(self) -> None:
        while True:
            await self.send(await self._webhooks.get())

    async def _worker(self, name: str) -> None:
        while True:
            effect_id = await self.broker.next()
            await work_one(effect_id, self.performers, self.work, self.bus, worker=name)

    async def _sweeper(self) -> None:
        while True:
            await asyncio.sleep(0.01)
            if not self.broker.waiting:
                for effect_id in await self.work.due_effects(10):
                    await self.broker.wake(effect_id)


@dataclass(frozen=True)
class Bought:
    """One purchase and how it stands."""

    world: PaidWorld
    order_id: UUID
    payment_id: UUID
    customer_id: UUID
    variant_id: UUID

    async def state(self) -> Order:
        state = await self.world.bus.state(stream("order", self.order_id))
        assert isinstance(state, Order)
        return state

    async def payment(self) -> Payment:
        state = await self.world.bus.state(stream("payment", self.payment_id))
        assert isinstance(state, Payment)
        return state

    async def available(self) -> int:
        state = await self.world.bus.state(stream("stock", stock_item(self.variant_id, "main")))
        assert isinstance(state, StockItem)
        return state.available

    async def events(self) -> list[Event]:
        rows = [*await self.world.log.stream(stream("order", self.order_id))]
        rows += await self.world.log.stream(stream("payment", self.payment_id))
        return [each.event for each in await self.world.decode(sorted(rows, key=lambda row: row.position))]

    async def cancel(self) -> None:
        await self.world.send(CancelOrder(order_id=self.order_id, reason="changed my mind"))

    async def until(self, lifecycle: str, payment: str) -> Order:
        """The order once it stands so. Moves no clock."""
        return await self._until(lambda order: (order.lifecycle, order.payment_status) == (lifecycle, payment))

    async def until_final(self) -> Order:
        """The order once it is no longer pending."""
        return await self._until(lambda order: order.lifecycle != "PENDING")

    async def until_money_is(self, **amounts: int) -> None:
        """Once the provider's ledger says so of this order."""
        for _ in range(400):
            balance = self.world.provider.balance(self.order_id)
            if {name: balance[name] for name in amounts} == amounts:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(self.world.provider.balance(self.order_id))

    async def calm(self) -> None:
        """Until nothing has happened for a while."""
        seen = -1
        for _ in range(100):
            head = await self.world.log.head()
            if head == seen:
                return
            seen = head
            await asyncio.sleep(0.08)
        raise AssertionError("it never ends")

    async def _until(self, reached: Callable[[Order], bool]) -> Order:
        for _ in range(400):
            order = await self.state()
            if reached(order):
                return order
            await asyncio.sleep(0.01)
        raise AssertionError((order.lifecycle, order.payment_status, await self.world.types()))


async def later(world: PaidWorld, *, step: float = 120, **time: float) -> None:
    """The shop's clock moves on, in steps of seconds between which all that is due happens: timers ring in turn."""
    left = timedelta(**time)
    steps = max(4, left // timedelta(seconds=step))
    for _ in range(steps):
        await _settled(world)
        world.clock.advance(left.total_seconds() / steps)
    await _settled(world)


async def _settled(world: PaidWorld) -> None:
    """Until the log has not moved for three looks of the processes."""
    seen, same = await world.log.head(), 0
    while same < 3:
        await asyncio.sleep(0.012)
        head = await world.log.head()
        seen, same = head, same + 1 if head == seen else 0


__all__ = ["EMAIL", "Bought", "Command", "PaidWorld", "later"]
