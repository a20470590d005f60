"""Does a client hear of every change, once and in order, however often its connection breaks?"""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.kit.client import ApiClient, eventually
from tests.kit.shop import Bought, Shop
from tests.kit.socket_client import Frame, socket_client

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

WITH_BANK = "pm_card_threeDSecure2Required"
SUBSCRIPTION = """subscription ($id: ID!, $after: Minor) {
  orderStatusChanged(orderId: $id, after: $after) { status paymentStatus position snapshot }
}"""


async def test_an_order_is_followed_from_its_snapshot_to_its_payment(shop: Shop) -> None:
    bought = await _waits_for_the_bank(shop, await shop.variant())
    async with socket_client(shop.urls["ws"], bought.customer.token) as client:
        joined = await client.ask("join:order", {"orderId": bought.id, "position": bought.placed.position})
        snapshot = joined["data"]["snapshot"]
        assert (joined["type"], snapshot["status"], snapshot["orderId"]) == ("ack", "AWAITING_PAYMENT", bought.id)

        await shop.provider.authenticate(await bought.intent())

        await client.hear(lambda frame: _is_paid(frame, bought))
        await client.hear(lambda frame: frame["type"] == "notification:new")
    told = [frame for frame in client.heard if frame["type"] == "order:status_changed"]
    states = [(frame["data"]["status"], frame["data"]["paymentStatus"]) for frame in told]
    assert states == [("AWAITING_PAYMENT", "AUTHORIZED"), ("CONFIRMED", "AUTHORIZED"), ("CONFIRMED", "PAID")]
    assert all(frame["channel"] == f"order:{bought.id}" and frame["position"] > joined["position"] for frame in told)
    assert [frame["seq"] for frame in client.heard] == sorted(frame["seq"] for frame in client.heard)


async def test_nothing_is_lost_or_repeated_across_broken_connections(shop: Shop) -> None:
    variant = await shop.variant(stock=500)
    bought = await _waits_for_the_bank(shop, variant)
    channels = [f"order:{bought.id}", f"stock:{variant}"]
    async with socket_client(shop.urls["ws"], bought.customer.token) as calm:
        joined = await calm.ask("join:order", {"orderId": bought.id, "position": bought.placed.position})
        stock = await calm.ask("join:stock", {"variantIds": [variant], "position": bought.placed.position})
        assert stock["data"]["snapshot"]["stock"][variant]["available"] == 499
        begun = max(joined["position"], stock["position"])
        bad_line = _BadLine(shop, bought.customer, channels, begun)
        restless = asyncio.create_task(bad_line.run())

        await _much_happens(shop, bought, variant)

        await calm.hear(lambda frame: _is_paid(frame, bought))
        last = await calm.hear(lambda frame: frame["type"] == "stock:updated" and frame["data"]["available"] == 459)
        heard = [frame for frame in calm.heard if frame["channel"] in channels and frame["position"] > begun]
        final = max(last["position"], *(frame["position"] for frame in heard))
        await eventually(lambda: _reached(bad_line, final))
        restless.cancel()
        await asyncio.gather(restless, return_exceptions=True)

    assert bad_line.connections > 5
    assert [_told(frame) for frame in bad_line.heard] == [_told(frame) for frame in heard]
    positions = [frame["position"] for frame in bad_line.heard]
    assert positions == sorted(set(positions))


async def test_a_subscription_starts_with_a_snapshot_and_goes_on_where_it_was(shop: Shop) -> None:
    bought = await _waits_for_the_bank(shop, await shop.variant())
    async with _subscribed(shop, bought.customer, id=bought.id) as changes:
        last = await anext(changes)
        assert last["snapshot"]  # it may be as old as the copy that it comes from
        while last["status"] != "AWAITING_PAYMENT":
            last = await anext(changes)

    await shop.provider.authenticate(await bought.intent())
    await bought.paid()

    position = int(last["position"])
    seen: list[str] = []
    while len(seen) < 3:
        async with _subscribed(shop, bought.customer, id=bought.id, after=position) as changes:
            change = await anext(changes)  # one at a time, each over a connection of its own
        seen.append(change["paymentStatus"])
        assert int(change["position"]) > position
        assert not change["snapshot"]
        position = int(change["position"])
    assert seen == ["AUTHORIZED", "AUTHORIZED", "PAID"]


async def test_an_order_may_be_followed_from_the_moment_on_at_which_it_is_placed(shop: Shop) -> None:
    variant, customer = await shop.variant(stock=20), await shop.customer()
    async with socket_client(shop.urls["ws"], customer.token) as client:
        for _ in range(5):
            joined = Bought(shop, customer, await customer.place(await shop.cart(customer, [(variant, 1)])))
            came = await client.ask("join:order", {"orderId": joined.id})
            assert (came["type"], came["data"]["snapshot"]["orderId"]) == ("ack", joined.id)

            resumed = Bought(shop, customer, await customer.place(await shop.cart(customer, [(variant, 1)])))
            since = {"position": resumed.placed.position, "channels": [f"order:{resumed.id}"]}
            assert (await client.ask("resume", since))["type"] == "ack"

            subscribed = Bought(shop, customer, await customer.place(await shop.cart(customer, [(variant, 1)])))
            async with _subscribed(shop, customer, id=subscribed.id) as changes:
                assert (await anext(changes))["snapshot"]


async def test_another_customers_order_is_not_there(shop: Shop) -> None:
    bought = await shop.buy(await shop.variant(), wait=5)
    stranger = await shop.customer()

    async with socket_client(shop.urls["ws"], stranger.token) as client:
        joined = await client.ask("join:order", {"orderId": bought.id})
        resumed = await client.ask("resume", {"position": 0, "channels": [f"order:{bought.id}"]})
        spied = await client.ask("resume", {"position": 0, "channels": [f"customer:{bought.customer.customer_id}"]})
    async with socket_client(shop.urls["ws"]) as nobody:
        anonymous = await nobody.ask("join:order", {"orderId": bought.id})

    for answer in (joined, resumed, spied, anonymous):
        assert (answer["type"], answer["data"]["code"]) == ("error", "edge.not_found")
    async with _subscribed(shop, stranger, id=bought.id) as changes:
        with pytest.raises(_SubscriptionRefused, match=r"order\.unknown"):
            await anext(changes)


async def test_a_token_that_runs_out_hears_nothing_more(shop: Shop) -> None:
    variant = await shop.variant(stock=50)
    customer = await shop.customer()
    token = shop.token(shop.write.ids.new(), age=898)
    async with socket_client(shop.urls["ws"], token) as client:
        await client.ask("join:stock", {"variantIds": [variant]})
        await asyncio.sleep(2.5)

        await shop.buy(variant, wait=None)

        error = await client.hear(lambda frame: frame["type"] == "error")
        await client.socket.wait_closed()
    assert error["data"]["code"] == "edge.token_expired"
    assert client.socket.close_code == 4401
    told = [frame["data"]["available"] for frame in client.heard if frame["type"] == "stock:updated"]
    assert 49 not in told  # what happened before may have come late
    async with socket_client(shop.urls["ws"], customer.token) as client:
        assert (await client.ask("auth", {"token": customer.token}))["type"] == "ack"


async def _waits_for_the_bank(shop: Shop, variant: str) -> Bought:
    bought = await shop.buy(variant, method=WITH_BANK, wait=5)
    assert bought.placed.body["status"] == "AWAITING_PAYMENT"
    return bought


async def _much_happens(shop: Shop, bought: Bought, variant: str) -> None:
    """Forty movements of the stock, and the order goes its way."""
    admin, intent = shop.admin(), await bought.intent()
    for number in range(40):
        if number == 15:
            await shop.provider.authenticate(intent)
        body = {"quantity": -1, "reason": "broken"}
        await admin.expect(200, "POST", f"/stock-items/{variant}/adjustments", body, key=uuid4().hex)
        await asyncio.sleep(0.02)


@dataclass(slots=True)
class _BadLine:
    """A client that comes back with the last position, again and again, after a random while."""

    shop: Shop
    customer: ApiClient
    channels: list[str]
    position: int
    heard: list[Frame] = field(default_factory=list)
    connections: int = 0

    async def run(self) -> None:
        """Until cancelled."""
        chance = random.Random(7)
        while True:
            await self.connect(chance.uniform(0.0, 0.25))

    async def connect(self, seconds: float) -> None:
        async with socket_client(self.shop.urls["ws"], self.customer.token) as client:
            self.connections += 1
            answer = await client.ask("resume", {"position": self.position, "channels": self.channels})
            assert answer["type"] == "ack", answer
            await asyncio.sleep(seconds)
            client.socket.transport.abort()  # as a broken line: nobody says goodbye
        mine = [frame for frame in client.heard if frame.get("channel") in self.channels]
        self.heard += mine
        self.position = mine[-1]["position"] if mine else self.position


async def _reached(line: _BadLine, position: int) -> bool | None:
    return line.position >= position or None


def _told(frame: Frame) -> tuple[object, ...]:
    return frame["position"], frame["type"], frame["channel"], frame["data"]


def _is_paid(frame: Frame, bought: Bought) -> bool:
    return frame.get("channel") == f"order:{bought.id}" and frame["data"]["paymentStatus"] == "PAID"


class _SubscriptionRefused(Exception):
    pass


@asynccontextmanager
async def _subscribed(shop: Shop, customer: ApiClient, **variables: object) -> AsyncIterator[AsyncIterator[Any]]:
    """One subscription over graphql-transport-ws: its values."""
    url = shop.urls["graphql"].replace("http", "ws") + "/graphql"
    async with connect(url, subprotocols=["graphql-transport-ws"], proxy=None) as socket:  # type: ignore[list-item]
        await _tell(socket, "connection_init", {"authorization": f"Bearer {customer.token}"})
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await _tell(socket, "subscribe", {"query": SUBSCRIPTION, "variables": variables}, "1")
        yield _values(socket)


async def _values(socket: ClientConnection) -> AsyncIterator[Any]:
    with suppress(ConnectionClosed):
        async for raw in socket:
            message = json.loads(raw)
            if message["type"] == "error" or message.get("payload", {}).get("errors"):
                raise _SubscriptionRefused(json.dumps(message["payload"]))
            if message["type"] == "next":
                yield message["payload"]["data"]["orderStatusChanged"]


async def _tell(socket: ClientConnection, kind: str, payload: object, number: str | None = None) -> None:
    message = {"type": kind, "payload": payload, **({} if number is None else {"id": number})}
    await socket.send(json.dumps(message))
