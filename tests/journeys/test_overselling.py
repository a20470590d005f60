"""Is the last unit sold once, however many want it, and does nobody wait in vain when there is enough for all?"""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.kit.client import ApiClient, Reply, eventually
from tests.kit.platform import another_rest_api
from tests.kit.shop import Bought, Shop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

BUYERS, AT_ONCE = 200, 20


async def test_the_last_five_units_become_five_orders_of_two_hundred(lonely_shop: Shop) -> None:
    shop = lonely_shop
    variant = await shop.variant(stock=5)
    ready = await _carts(shop, variant, [shop.urls["rest"]])

    answers = await _all_at_once(ready)

    assert Counter((each.status, each.code) for each in answers) == {
        (201, None): 5,
        (409, "stock.not_available"): BUYERS - 5,
    }
    assert {each.body["available"] for each in answers if each.status == 409} == {0}
    bought = [
        Bought(shop, client, each) for (client, _), each in zip(ready, answers, strict=True) if each.status == 201
    ]
    for order in bought:
        await order.paid()
    assert await shop.available(variant) == 0
    shown = await shop.anonymous().get(f"/stock-items/{variant}", at_least=max(each.placed.position for each in bought))
    assert (shown.body["available"], shown.body["reserved"]) == (0, 5)
    for order in bought:
        balance = await shop.provider.balance(order.id)
        assert (balance["kept"], balance["held"], len(balance["intents"])) == (order.total, 0, 1)


async def test_two_hundred_units_over_two_processes_become_two_hundred_orders(lonely_shop: Shop) -> None:
    shop = lonely_shop
    variant = await shop.variant(stock=BUYERS)
    with another_rest_api(shop.platform) as other:
        ready = await _carts(shop, variant, [shop.urls["rest"], other])

        answers = await _all_at_once(ready)

    assert Counter((each.status, each.code) for each in answers) == {(201, None): BUYERS}
    assert len({each.body["id"] for each in answers}) == BUYERS
    assert await shop.available(variant) == 0
    await eventually(lambda: _all_paid(shop, answers), seconds=60, pause=0.5)


async def _carts(shop: Shop, variant: str, urls: Sequence[str]) -> list[tuple[ApiClient, str]]:
    """One customer with a cart each, at the doors in turn."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> tuple[ApiClient, str]:
        async with gate:
            client = await shop.customer(urls[number % len(urls)])
            return client, await shop.cart(client, [(variant, 1)])

    return list(await asyncio.gather(*(one(number) for number in range(BUYERS))))


async def _all_at_once(ready: Sequence[tuple[ApiClient, str]]) -> list[Reply]:
    return list(await asyncio.gather(*(client.place(cart_id) for client, cart_id in ready)))


async def _all_paid(shop: Shop, answers: Sequence[Reply]) -> bool | None:
    streams = [f"order-{each.body['id']}" for each in answers]
    async with shop.write.pool.connection() as connection:
        cursor = await connection.execute(
            "select count(*) from log.events where type = 'order.payment_captured' and stream = any (%s)", (streams,)
        )
        row = await cursor.fetchone()
    return (row is not None and row[0] == len(streams)) or None
