"""What happens in one real purchase? Each hop from the command to the mail, with its position and its milliseconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from infra.ports import Unavailable
from infra.settings import Settings
from projections.cart_contents import view as carts
from projections.inbox import view as inbox
from projections.main import open_readers
from projections.order_history import view as history
from projections.order_tracking import view as tracking
from projections.product_page.view import Behind, Readers, Rebuilding
from projections.stock_levels import view as levels
from tools.api_client import ApiClient, NotAsExpected, Reply, open_http
from tools.demo_story import Found, Listener, Story, listening, milliseconds
from write_model.main import build
from write_model.order.events import OrderConfirmed, OrderPaymentCaptured
from write_model.payment.events import AuthorizationSucceeded
from write_model.provider_event.events import ProviderEventRecorded

PATIENCE = 20.0  # seconds for each hop
PAUSE = 0.01  # seconds between two looks
NOT_SEEN = (TimeoutError, NotAsExpected, Behind, Rebuilding, Unavailable, httpx2.HTTPError, OSError)


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the way. Milliseconds count from the moment at which the order was sent (before it: durations)."""

    name: str
    position: int | None = None  # of the log
    milliseconds: float | None = None
    ok: bool = True
    detail: str = ""


Seen = tuple[int | None, float, str]  # position, moment, detail


async def purchase(settings: Settings, urls: Mapping[str, str]) -> list[Hop]:
    """Buy something through the public API and watch it to its end. A hop that was not seen is not ok."""
    async with AsyncExitStack() as stack:
        write = await stack.enter_async_context(build(settings))
        readers = await stack.enter_async_context(open_readers(settings, write.clock))
        http = await stack.enter_async_context(open_http())
        api = ApiClient(http, urls["rest"])
        try:
            hops, cart = await _shopping(api)
            assert api.token is not None
            listener = await stack.enter_async_context(listening(urls["ws"], api.token, PATIENCE))
            before = await write.reader.head()
            begun = time.time()
            placed = await _placed(api, cart)
        except NOT_SEEN as problem:
            return [Hop("purchase", ok=False, detail=str(problem) or type(problem).__name__)]
        hops.append(_hop(f"command accepted: order {placed.body['number']}", begun, (placed.position, time.time(), "")))
        story = Story(write.reader, write.decode, UUID(placed.body["id"]), before)
        watch = _Watch(api, readers, story, listener, placed, cart.body, urls, begun)
        following = asyncio.create_task(story.follow())
        try:
            watched = await asyncio.gather(
                *(_watched(name, begun, seen) for name, seen in watch.all(before)), return_exceptions=False
            )
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        return [*hops, *sorted(watched, key=lambda hop: (hop.milliseconds is None, hop.milliseconds or 0.0))]


async def _shopping(api: ApiClient) -> tuple[list[Hop], Reply]:
    """Everything before the order. Raises NotAsExpected."""
    begun = time.time()
    await api.register()
    hops = [_hop("registered and signed in", begun, (None, time.time(), str(api.email)))]
    begun = time.time()
    lines = await _chosen(api)
    cart = await api.fill_cart(lines)
    total = cart.body["totals"]
    detail = f"2 lines, {total['totalMinor'] / 100:.2f} {total['currency']}"
    hops.append(_hop("cart filled: lines, address, delivery, payment", begun, (cart.position, time.time(), detail)))
    return hops, cart


async def _chosen(api: ApiClient) -> list[tuple[str, int]]:
    """A variant of each of two products that are there. Raises NotAsExpected."""
    found: list[str] = []
    listed = await api.expect(200, "GET", "/products?available=true&limit=20")
    for product in listed.body["items"]:
        for variant in product["variants"]:
            stock = await api.get(f"/stock-items/{variant['id']}")
            if stock.status == 200 and stock.body["available"] >= 2:
                found.append(variant["id"])
                break
        if len(found) == 2:
            return [(found[0], 1), (found[1], 2)]
    raise NotAsExpected("nothing to buy: run `telocompro seed`")


async def _placed(api: ApiClient, cart: Reply) -> Reply:
    placed = await api.place(cart.body["id"])
    if placed.status != 201:
        raise NotAsExpected(f"the order was refused: {placed.body}")
    return placed


async def _watched(name: str, begun: float, seen: Coroutine[Any, Any, Seen]) -> Hop:
    try:
        async with asyncio.timeout(PATIENCE):
            return _hop(name, begun, await seen)
    except NOT_SEEN as problem:
        why = f"not seen within {PATIENCE:.0f} s" if isinstance(problem, TimeoutError) else str(problem)
        return Hop(name, ok=False, detail=why)


def _hop(name: str, begun: float, seen: Seen) -> Hop:
    position, moment, detail = seen
    return Hop(name, position, milliseconds(begun, moment), detail=detail)


async def _until(look: Callable[[], Awaitable[Seen | None]]) -> Seen:
    while True:
        seen = await look()
        if seen is not None:
            return seen
        await asyncio.sleep(PAUSE)


@dataclass(frozen=True, slots=True)
class _Watch:
    """Where the purchase has to show up."""

    api: ApiClient
    readers: Readers
    story: Story
    listener: Listener
    placed: Reply
    cart: Mapping[str, Any]
    urls: Mapping[str, str]
    begun: float

    @property
    def order_id(self) -> str:
        return str(self.placed.body["id"])

    def all(self, before: int) -> list[tuple[str, Coroutine[Any, Any, Seen]]]:
        hops = [
            ("events in the log", self.appended()),
            *((f"{name}: order as placed", self.order_in(name, "PLACED")) for name in ("Redis", "MongoDB", "SQL")),
            ("stock levels moved", self.stock()),
            ("cart cleared", self.cart_cleared()),
            ("order history", self.history()),
            ("payment authorised", self.told(lambda found: isinstance(found.event, AuthorizationSucceeded))),
            ("order confirmed", self.told(lambda found: isinstance(found.event, OrderConfirmed))),
            ("payment captured", self.told(lambda found: isinstance(found.event, OrderPaymentCaptured))),
            *((f"{name}: order as paid", self.order_in(name, "PAID")) for name in ("Redis", "MongoDB", "SQL")),
            ("inbox entry", self.inbox()),
            ("socket in another process: CONFIRMED", self.frame(before, "CONFIRMED", None)),
            ("socket in another process: PAID", self.frame(before, "CONFIRMED", "PAID")),
            ("socket in another process: notification", self.notified()),
        ]
        if "stripe" in self.urls:
            hops += [
                ("signed webhook: authorised", self.webhook("payment_intent.amount_capturable_updated")),
                ("signed webhook: captured", self.webhook("payment_intent.succeeded")),
                ("provider's ledger: all is captured", self.ledger()),
            ]
        if "mail_pages" in self.urls:
            hops.append(("mail in the sink", self.mail()))
        return hops

    # ------------------------------------------------------------ the log

    async def appended(self) -> Seen:
        last = self.placed.position
        found = await self.story.first(lambda envelope: envelope.position == last)
        names = [type(envelope.event).__name__ for envelope in self.story.up_to(last)]
        return last, found.recorded_at.timestamp(), f"{last - len(names) + 1}–{last}: {', '.join(names)}"

    async def told(self, wanted: Callable[[Found], bool]) -> Seen:
        found = await self.story.first(wanted)
        return found.position, found.recorded_at.timestamp(), found.stream

    async def webhook(self, kind: str) -> Seen:
        def is_it(found: Found) -> bool:
            return isinstance(found.event, ProviderEventRecorded) and found.event.type == kind

        found = await self.story.first(is_it)
        return found.position, found.recorded_at.timestamp(), f"provider_event.recorded: {kind}"

    # ------------------------------------------------------------ read models

    async def order_in(self, store: str, wanted: str) -> Seen:
        """The order's own document in one store: with its first events, or once its money has been taken."""

        async def look() -> Seen | None:
            target = self.readers.freshness.live(tracking.SOURCE).target
            if store == "Redis":
                copy = (await self.readers.copies.get(target, [f"order:{self.order_id}"]))[0].copy
                body, position = (None, 0) if copy is None else (copy.body, copy.position)
                is_paid = body is not None and b'"paymentStatus":"PAID"' in body
            else:
                name = "mongo" if store == "MongoDB" else "sql"
                doc = (await self.readers.stores[name].load(target, [self.order_id])).get(self.order_id)
                document, position = (None, 0) if doc is None else (doc.body, doc.position)
                is_paid = document is not None and document["paymentStatus"] == "PAID"
            is_there = is_paid if wanted == "PAID" else position > 0
            return (position, time.time(), target) if is_there else None

        return await _until(look)

    async def stock(self) -> Seen:
        position = self.placed.position
        await self.readers.freshness.wait(levels.SOURCE, position, PATIENCE)
        variants = [line["variantId"] for line in self.cart["lines"]]
        found = await levels.stock(self.readers, variants, position)
        left = ", ".join(f"{level.document.available} available" for level in found.values())
        return position, time.time(), left

    async def cart_cleared(self) -> Seen:
        position = self.placed.position
        await self.readers.freshness.wait(carts.SOURCE, position, PATIENCE)
        found = await carts.cart(self.readers, self.cart["id"], position)
        if found is None or found.document.status == carts.ACTIVE:
            raise NotAsExpected("the cart is still open")
        return position, time.time(), found.document.status

    async def history(self) -> Seen:
        position = self.placed.position
        await self.readers.freshness.wait(history.SOURCE, position, PATIENCE)
        page = await history.orders(self.readers, str(self.api.customer_id), at_least=position)
        if [entry.id for _, entry in page.items] != [self.order_id]:
            raise NotAsExpected("the history does not hold the order")
        return position, time.time(), "1 order"

    async def inbox(self) -> Seen:
        async def look() -> Seen | None:
            page = await inbox.inbox(self.readers, str(self.api.customer_id))
            if not page.items:
                return None
            return page.position, time.time(), page.items[0][1].template

        return await _until(look)

    # ------------------------------------------------------------ other processes

    async def frame(self, before: int, status: str, payment: str | None) -> Seen:
        if payment is None:  # whoever asks first joins the room for both
            await self.listener.follow_order(self.order_id, before)

        def is_it(frame: dict[str, Any]) -> bool:
            data = frame.get("data", {})
            is_change = frame["type"] == "order:status_changed" and data["status"] == status
            return is_change and payment in (None, data["paymentStatus"])

        at, frame = await self.listener.first(is_it)
        return frame["position"], at, frame["channel"]

    async def notified(self) -> Seen:
        at, frame = await self.listener.first(lambda frame: frame["type"] == "notification:new")
        return frame["position"], at, frame["channel"]

    async def ledger(self) -> Seen:
        async def look() -> Seen | None:
            answer = await self.api.http.get(
                f"{self.urls['stripe']}/_control/balances", params={"order_id": self.order_id}
            )
            balances = answer.json()["balances"]
            total = self.placed.body["total"]["amountMinor"]
            if len(balances) != 1 or balances[0]["kept"] != total or balances[0]["held"] != 0:
                return None
            return None, time.time(), f"authorised {balances[0]['authorised']}, kept {balances[0]['kept']}"

        return await _until(look)

    async def mail(self) -> Seen:
        async def look() -> Seen | None:
            answer = await self.api.http.get(f"{self.urls['mail_pages']}/messages", params={"to": self.api.email})
            messages = answer.json()["messages"]
            return (None, time.time(), messages[0]["subject"]) if messages else None

        return await _until(look)
