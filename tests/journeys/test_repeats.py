"""The same wish sent again and again, at once and after a restart: is it done once, and answered the same?"""

import asyncio
import os
import signal
from uuid import uuid4

import httpx2
import pytest

from tests.kit.client import eventually
from tests.kit.shop import Bought, Shop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]


async def test_an_order_sent_fifty_times_and_after_a_restart_is_placed_and_paid_once(lonely_shop: Shop) -> None:
    shop, key = lonely_shop, uuid4().hex
    variant = await shop.variant(stock=60)
    customer = await shop.customer()
    cart = await shop.cart(customer, [(variant, 1)])

    answers = await asyncio.gather(*(customer.place(cart, key) for _ in range(50)))

    assert {answer.status for answer in answers} == {201}
    assert len({str(answer.body) for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    bought = Bought(shop, customer, answers[0])
    await bought.paid()

    await _restart_http(shop)
    again = await customer.place(cart, key)

    assert (again.status, again.body, again.headers["idempotent-replayed"]) == (201, answers[0].body, "true")
    another = await shop.cart(customer, [(variant, 2)])
    other_body = await customer.place(another, key)
    assert (other_body.status, other_body.code) == (422, "edge.key_reused")
    assert await shop.available(variant) == 59
    placed = [event for event in await shop.events(f"order-{bought.id}") if type(event).__name__ == "OrderPlaced"]
    assert len(placed) == 1
    assert [entry["kind"] for entry in await shop.provider.ledger(bought.id)] == ["authorised", "captured"]


async def test_a_refusal_is_decided_anew_when_it_is_sent_again(shop: Shop) -> None:
    variant = await shop.variant(stock=1)
    customer, key = await shop.customer(), uuid4().hex
    cart = await shop.cart(customer, [(variant, 1)])
    first = await shop.buy(variant, wait=5)
    refused = await customer.place(cart, key)
    assert (refused.status, refused.code) == (409, "stock.not_available")

    path = f"/orders/{first.id}/cancel"
    await first.customer.expect(200, "POST", path, {"reason": "changed my mind"}, key=uuid4().hex)
    again = await customer.place(cart, key)

    assert again.status == 201
    assert "idempotent-replayed" not in again.headers


async def test_the_same_key_of_another_customer_is_another_wish(shop: Shop) -> None:
    variant, key = await shop.variant(stock=5), uuid4().hex
    customers = [await shop.customer() for _ in range(2)]

    answers = [await each.place(await shop.cart(each, [(variant, 1)]), key) for each in customers]

    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].body["id"] != answers[1].body["id"]


async def _restart_http(shop: Shop) -> None:
    """The runner starts it again by itself."""
    pid = shop.platform.run.pids["http"]
    os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(shop.platform.wait_restarted, "http", pid)

    async def ready() -> bool | None:
        try:
            return (await shop.anonymous().get("/health/ready")).status == 200 or None
        except httpx2.TransportError:
            return None

    await eventually(ready, seconds=30, pause=0.2)
