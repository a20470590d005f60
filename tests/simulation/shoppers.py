"""Who comes to the shop? Customers who order, pay, change their minds and press buttons twice; and staff."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from infra.ports import ProviderRefused, Unavailable
from tests.simulation.chances import Chance
from tests.simulation.wires import ConnectionLost
from tests.simulation.world import World
from write_model.cart.commands import CreateCart, SelectPaymentMethod, SetShippingAddress
from write_model.checkout.commands import AddToCart, AddVariant, CancelOrder, PlaceOrder
from write_model.customer.commands import RegisterCustomer
from write_model.handling.bus import Answer, Bus, NotNow, Request
from write_model.kernel.address import Address
from write_model.kernel.message import Actor, Command
from write_model.kernel.refused import Refused
from write_model.payment.commands import CapturePayment, RefundPayment, VoidPayment
from write_model.product.commands import CreateProduct, PublishProduct
from write_model.stock.commands import AdjustStock, ReceiveStock

ADDRESS = Address(recipient="Ada", line1="Calle 1", city="Guayaquil", country="EC")
GOOD, AUTHENTICATED = "pm_card_visa", "pm_card_authenticationRequired"
UNKNOWN = "pm_unknown"  # to the provider: it refuses to look at it
METHODS = (GOOD, GOOD, GOOD, AUTHENTICATED, AUTHENTICATED, "pm_card_chargeDeclined", UNKNOWN)
STAFF = Actor("admin", "ana")
PATIENCE = 400  # tries of one wish


@dataclass(slots=True)
class Said:
    """One wish under its key, and the first answer to it."""

    request: Request
    answer: Answer | None = None
    refused: str | None = None
    stored: bool = False


@dataclass(slots=True)
class Shop:
    """What there is to buy, and all that has been wished for."""

    world: World
    variants: list[UUID] = field(default_factory=list)
    orders: dict[UUID, UUID] = field(default_factory=dict)  # order to payment
    customers: dict[UUID, UUID] = field(default_factory=dict)  # order to customer, once it is placed
    paid_well: set[UUID] = field(default_factory=set)  # orders that no card, customer or cashier stands against
    unknown_cards: set[UUID] = field(default_factory=set)  # orders with one that the provider refuses
    watching: list[asyncio.Queue[UUID]] = field(default_factory=list)  # who is told of orders that are placed
    said: list[Said] = field(default_factory=list)
    keys: int = 0

    async def open(self, chance: Chance) -> None:
        """Before anything goes wrong."""
        world = self.world
        for number, units in enumerate(world.plan.stock):
            product_id, variant_id = world.ids.new(), world.ids.new()
            words = {"es": f"Cámara {number}", "en": f"Camera {number}"}
            await self.as_staff(
                CreateProduct(
                    product_id=product_id,
                    titles=words,
                    descriptions=words,
                    category="cameras",
                    tax_category="standard",
                    currency="USD",
                )
            )
            price = chance.pick((999, 2499, 10_001))
            await self.as_staff(
                AddVariant(
                    product_id=product_id, variant_id=variant_id, sku=f"CAM-{number}", attributes={}, price_minor=price
                )
            )
            await self.as_staff(ReceiveStock(variant_id=variant_id, quantity=units, reason="first delivery"))
            await self.as_staff(PublishProduct(product_id=product_id))
            self.variants.append(variant_id)

    def placed_by(self, customer_id: UUID) -> list[UUID]:
        return [order_id for order_id, each in self.customers.items() if each == customer_id]

    async def as_staff(self, command: Command) -> Answer | None:
        return await self.wish(command, STAFF, frozenset({"*"}))

    async def wish(
        self,
        command: Command,
        actor: Actor,
        permissions: frozenset[str] = frozenset(),
        key: str | None = None,
        **fields: Any,
    ) -> Answer | None:
        """Sent until it is answered, always under the same key; None: it was refused."""
        if key is None:
            self.keys += 1
            key = f"key {self.keys}"
        caller = f"{actor.type}:{actor.id}"
        request = Request(command=command, caller=caller, actor=actor, permissions=permissions, key=key, **fields)
        said = Said(request)
        self.said.append(said)
        return await self.send(said)

    async def send(self, said: Said) -> Answer | None:
        pause = 0.05
        for _ in range(PATIENCE):
            try:
                answer = await self.world.ask_any(said.request)
            except Refused as refused:
                said.refused = said.refused or refused.code
                return None
            except (NotNow, Unavailable, ConnectionLost) as later:
                self.world.record.seen[f"told to come again by {type(later).__name__}"] += 1
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                await self.compare(said, answer)
                return answer
        self.world.record.violation(f"no answer to {type(said.request.command).__name__}")
        return None

    async def compare(self, said: Said, answer: Answer) -> None:
        """A key that was accepted is always answered the same. Where nothing had to be done, nothing is stored."""
        if said.answer is None:
            assert said.request.key is not None, "every wish has one"
            command_id = Bus.command_id(said.request.caller, said.request.key)
            said.answer, said.stored = answer, await self.world.log.answer(command_id) is not None
            return
        if not said.stored:
            return
        for name in ("id", "version", "position", "status", "body"):
            first, now = getattr(said.answer, name), getattr(answer, name)
            if first != now:
                wish = type(said.request.command).__name__
                self.world.record.violation(f"{wish} was answered with another {name}: {first} and {now}")


class Shopper:
    def __init__(self, shop: Shop, number: int) -> None:
        self._shop = shop
        self._world = shop.world
        self._chance = shop.world.chance(f"shopper {number}")
        self._number = number
        self.id = shop.world.ids.new()
        self._actor = Actor("customer", str(self.id))

    async def live(self) -> None:
        chance = self._chance
        await asyncio.sleep(chance.between(0.0, 3.0))
        await self._wish(
            RegisterCustomer(
                customer_id=self.id, email=f"{self._number}@example.com", name="Ada", email_hmac="0" * 64, locale="es"
            )
        )
        for _ in range(self._world.plan.orders):
            await self._buy()
            await asyncio.sleep(chance.between(0.0, 10.0))

    async def _buy(self) -> None:
        chance, ids = self._chance, self._world.ids
        cart_id, order_id, payment_id = ids.new(), ids.new(), ids.new()
        await self._wish(CreateCart(cart_id=cart_id, market="EC", customer_id=self.id))
        for variant_id in self._shop.variants:
            if variant_id == self._shop.variants[0] or chance.one() < 0.5:
                quantity = chance.pick((1, 1, 2))
                await self._wish(
                    AddToCart(cart_id=cart_id, line_id=ids.new(), variant_id=variant_id, quantity=quantity)
                )
        await self._wish(SetShippingAddress(cart_id=cart_id, address=ADDRESS))
        method = chance.pick(METHODS)
        await self._wish(SelectPaymentMethod(cart_id=cart_id, method=method))
        if method == GOOD:
            self._shop.paid_well.add(order_id)
        elif method == UNKNOWN:
            self._shop.unknown_cards.add(order_id)
        place = PlaceOrder(cart_id=cart_id, order_id=order_id, payment_id=payment_id, customer_id=self.id)
        self._shop.orders[order_id] = payment_id
        if chance.one() < 0.3:
            await self._twice(place)
        elif await self._wish(place) is None:
            return
        self._shop.customers[order_id] = self.id
        for placed in self._shop.watching:
            placed.put_nowait(order_id)
        await self._afterwards(order_id, payment_id)

    async def _twice(self, place: PlaceOrder) -> None:
        """The button is pressed again before there is an answer, under one key or under two."""
        keys = self._chance.pick((("a", "a"), ("a", "b")))
        async with asyncio.TaskGroup() as tasks:
            for key in keys:
                tasks.create_task(self._wish(place, key=f"{place.order_id} {key}"))
                await asyncio.sleep(self._chance.between(0.0, 0.01))

    async def _afterwards(self, order_id: UUID, payment_id: UUID) -> None:
        chance = self._chance
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._authenticate(order_id))
            if chance.one() < 0.35:
                tasks.create_task(self._change_mind(order_id))
            if chance.one() < 0.25:
                tasks.create_task(self._complain(order_id, payment_id))

    async def _authenticate(self, order_id: UUID) -> None:
        """3-D Secure: done, failed, or never finished."""
        succeed = self._chance.pick((True, True, False, None, None))
        if succeed is None:
            return
        for _ in range(10):
            await asyncio.sleep(self._chance.between(0.2, 6.0))
            for charge in await self._world.provider.find(order_id):
                if charge.client_action is not None:
                    try:
                        await self._world.provider.authenticate(charge.ref, succeed)
                    except ProviderRefused:
                        return
                    self._world.record.seen["authenticated"] += 1
                    return

    async def _change_mind(self, order_id: UUID) -> None:
        await asyncio.sleep(self._chance.pick((0.0, 0.01, 0.1, 1.0, 5.0, 20.0)))
        cancel = CancelOrder(order_id=order_id, reason="changed my mind")
        await self._wish(cancel, key=f"cancel {order_id}")
        if self._chance.one() < 0.2:
            await self._wish(cancel, key=f"cancel {order_id}")

    async def _complain(self, order_id: UUID, payment_id: UUID) -> None:
        """Staff give money back, in part or all of it, or press a button that they should not."""
        await asyncio.sleep(self._chance.pick((1.0, 5.0, 20.0)))
        pressed = self._chance.pick(("part", "part", "all", "void", "capture"))
        if pressed in ("void", "capture"):
            self._shop.paid_well.discard(order_id)
        if pressed == "void":
            await self._shop.as_staff(VoidPayment(payment_id=payment_id, reason="mistake"))
        elif pressed == "capture":
            await self._shop.as_staff(CapturePayment(payment_id=payment_id))
        else:
            for _ in range(self._chance.pick((1, 1, 2))):
                amount = self._chance.whole(1, 1500) if pressed == "part" else None
                await self._shop.as_staff(
                    RefundPayment(
                        payment_id=payment_id,
                        refund_id=self._world.ids.new(),
                        amount_minor=amount,
                        reason="broken",
                    )
                )

    async def _wish(self, command: Command, key: str | None = None) -> Answer | None:
        return await self._shop.wish(command, self._actor, key=key)


async def stocktaking(shop: Shop, chance: Chance) -> None:
    """Units come and go while others buy."""
    for _ in range(chance.whole(0, 3)):
        await asyncio.sleep(chance.between(0.0, 12.0))
        variant_id = chance.pick(shop.variants)
        if chance.one() < 0.6:
            await shop.as_staff(ReceiveStock(variant_id=variant_id, quantity=chance.whole(1, 4), reason="delivery"))
        else:
            await shop.as_staff(AdjustStock(variant_id=variant_id, quantity=-1, reason="broken"))
