"""Whoever shows the token of a write reads it, at every door; or is told to come back, never that it is not there."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.kit.client import ApiClient, Reply, graphql
from tests.kit.shop import Shop

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

FAR = 10**9  # a position that the log does not reach today


async def test_what_staff_have_written_they_read_at_once(shop: Shop) -> None:
    admin, word = shop.admin(), f"gorra{uuid4().hex[:8]}"
    words = {"es": word, "en": word}
    body = {"titles": words, "descriptions": words, "category": word, "taxCategory": "standard", "currency": "USD"}
    product = await admin.expect(201, "POST", "/products", body)
    path = f"/products/{product.body['id']}"
    variant = {"sku": word.upper(), "priceMinor": 1500}
    added = await admin.expect(201, "POST", f"{path}/variants", variant)
    item = f"/stock-items/{added.body['variants'][0]['id']}"
    received = await admin.expect(200, "POST", f"{item}/receipts", {"quantity": 7, "reason": "new"}, key=uuid4().hex)
    assert (await shop.anonymous().get(item, received.position)).body["available"] == 7
    assert (await shop.anonymous().get(path, received.position)).status == 404  # a draft is staff's

    for price in (1600, 1700, 1800):
        change = {"variantId": added.body["variants"][0]["id"], "priceMinor": price}
        written = await admin.expect(200, "POST", f"{path}/price", change)
        assert (await admin.get(path, written.position)).body["variants"][0]["priceMinor"] == price
    published = await admin.expect(200, "POST", f"{path}/publish")

    listed = await shop.anonymous().get(f"/products?category={word}&available=true", published.position)
    assert [each["id"] for each in listed.body["items"]] == [product.body["id"]]
    found = await _graphql(shop, admin, f'{{ products(search: "{word}") {{ edges {{ node {{ id }} }} }} }}', published)
    assert [edge["node"]["id"] for edge in found.body["data"]["products"]["edges"]] == [product.body["id"]]


async def test_what_a_customer_has_written_is_read_at_once(shop: Shop) -> None:
    variant, customer = await shop.variant(stock=50), await shop.customer()
    cart = await customer.expect(201, "POST", "/carts", {})
    path = f"/carts/{cart.body['id']}"
    for quantity in (1, 2, 3):
        written = await customer.expect(200, "POST", f"{path}/items", {"variantId": variant, "quantity": 1})
        read = await customer.get(path, written.position)
        assert (read.body["lines"][0]["quantity"], read.body["version"]) == (quantity, written.body["version"])
    ready = await shop.cart(customer, [(variant, 2)])

    placed = await customer.place(ready)

    order = f"/orders/{placed.body['id']}"
    assert (await customer.get(order, placed.position)).body["number"] == placed.body["number"]
    listed = await customer.get("/orders", placed.position)
    assert [each["id"] for each in listed.body["items"]] == [placed.body["id"]]
    assert listed.position >= placed.position
    asked = "{ orders { edges { node { id } } } }"
    found = await _graphql(shop, customer, asked, placed)
    assert found.body["data"]["orders"]["edges"] == [{"node": {"id": placed.body["id"]}}]
    assert found.body["extensions"]["position"] >= placed.position
    cart_read = await _graphql(shop, customer, f'{{ cart(id: "{ready}") {{ status orderId }} }}', placed)
    assert cart_read.body["data"]["cart"] == {"status": "ORDERED", "orderId": placed.body["id"]}


async def test_a_position_that_the_log_does_not_have_is_told_as_lost_and_not_waited_for(shop: Shop) -> None:
    bought = await shop.buy(await shop.variant(), wait=5)
    customer = bought.customer
    nothing, cart = shop.write.ids.new(), bought.placed.body["id"]
    reads: list[Callable[[], Awaitable[Reply]]] = [
        *(
            lambda path=path: customer.get(path, FAR)
            for path in (
                *(f"/products/{nothing}", "/products", f"/stock-items/{nothing}", f"/carts/{cart}"),
                *(f"/orders/{bought.id}", f"/orders/{nothing}", "/orders", "/notifications"),
            )
        ),
        *(
            lambda query=query: graphql(customer, shop.urls["graphql"], query, {"Consistency-Token": str(FAR)})
            for query in (
                f'{{ product(id: "{nothing}") {{ id }} }}',
                "{ products { edges { node { id } } } }",
                f'{{ order(id: "{bought.id}") {{ id }} }}',
                "{ orders { edges { node { id } } } }",
            )
        ),
    ]

    answers = await asyncio.gather(*(read() for read in reads))

    head = await shop.write.reader.head()
    for answer in answers:
        told: dict[str, Any] = answer.body
        if "errors" in told:
            told = told["errors"][0]["extensions"]
        assert (answer.status, told["code"]) == (409, "read.lost_future")
        assert 0 < told["head"] <= head
        assert "retry-after" not in answer.headers  # waiting does not help


async def test_a_token_that_is_none_is_refused(shop: Shop) -> None:
    for token in ("-1", "soon", "1.5", str(2**63), ""):
        answer = await shop.anonymous().ask("GET", "/products", headers={"Consistency-Token": token})

        assert (answer.status, answer.code) == (422, "edge.parameter_invalid"), token


async def _graphql(shop: Shop, client: ApiClient, query: str, after: Reply) -> Reply:
    token = {"Consistency-Token": str(after.position), "Prefer": "wait=5"}
    return await graphql(client, shop.urls["graphql"], query, token)
