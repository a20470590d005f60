"""What a client does over REST: from the catalogue to the order, each answer with version, position and token."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.write_model.api.shop import Shop, at_once, open_shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop() as opened:
        yield opened


async def test_a_customer_fills_a_cart_and_places_its_order(shop: Shop) -> None:
    variant = await shop.variant_on_sale()
    customer_id, token = await shop.customer()
    cart = await shop.ready_cart(token, variant, 2)
    placed = await shop.send("POST", "/orders", {"cartId": cart}, token=token, key="order-1")
    assert placed.status_code == 201
    body = placed.json()
    assert (body["status"], body["version"], body["total"]["currency"]) == ("PLACED", 1, "USD")
    assert placed.headers["Consistency-Token"] == str(body["position"]) == str(await shop.world.log.head())
    assert placed.headers["ETag"] == '"1"'
    assert placed.headers["Location"].endswith(f"/orders/{body['id']}")
    order = await shop.world.bus.state(f"order-{body['id']}")
    assert order.customer_id == customer_id  # type: ignore[attr-defined]


async def test_every_answer_about_a_cart_is_the_whole_priced_cart(shop: Shop) -> None:
    variant = await shop.variant_on_sale()
    _, token = await shop.customer()
    cart = (await shop.send("POST", "/carts", {}, token=token)).json()["id"]
    item = {"variantId": variant, "quantity": 2}
    added = (await shop.send("POST", f"/carts/{cart}/items", item, token=token)).json()
    line = added["lines"][0]
    assert (line["quantity"], line["unitPriceMinor"], line["subtotalMinor"]) == (2, 2499, 4998)
    totals = added["totals"]
    assert line["taxIncluded"] is True
    assert totals["totalMinor"] == totals["subtotalMinor"] + totals["shippingMinor"]
    path = f"/carts/{cart}/items/{line['id']}"
    changed = (await shop.send("PATCH", path, {"quantity": 1}, token=token)).json()
    assert (changed["lines"][0]["quantity"], changed["version"]) == (1, added["version"] + 1)
    emptied = (await shop.send("DELETE", path, token=token)).json()
    assert (emptied["lines"], emptied["totals"]["totalMinor"]) == ([], 0)


async def test_an_anonymous_cart_belongs_to_its_session_and_can_be_taken_over(shop: Shop) -> None:
    variant = await shop.variant_on_sale()
    created = await shop.send("POST", "/carts", {})
    secret, cart = created.headers["Cart-Session"], created.json()["id"]
    item = {"variantId": variant, "quantity": 1}
    assert (await shop.send("POST", f"/carts/{cart}/items", item)).status_code == 401
    other = {"Cart-Session": str(uuid4())}
    assert (await shop.send("POST", f"/carts/{cart}/items", item, headers=other)).status_code == 404
    held = {"Cart-Session": secret}
    assert (await shop.send("POST", f"/carts/{cart}/items", item, headers=held)).status_code == 200
    rows = await shop.world.rows()
    assert not any(secret.encode() in row.payload + row.metadata for row in rows)
    customer_id, token = await shop.customer()
    taken = await shop.send("PUT", f"/carts/{cart}/customer", token=token, headers=held)
    assert taken.json()["customerId"] == str(customer_id)
    assert (await shop.send("POST", f"/carts/{cart}/items", item, headers=held)).status_code == 404


async def test_the_same_key_fifty_times_at_once_is_one_order_with_one_answer(shop: Shop) -> None:
    variant = await shop.variant_on_sale()
    _, token = await shop.customer()
    cart = await shop.ready_cart(token, variant)
    before = await shop.world.log.head()
    wish = {"cartId": cart}
    answers = await at_once(*(shop.send("POST", "/orders", wish, token=token, key="k") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers].count("true") == 49
    assert await shop.world.log.head() == before + 4  # cart, order, stock, payment
    another = await shop.send("POST", "/orders", {**wish, "locale": "en"}, token=token, key="k")
    assert (another.status_code, another.json()["code"]) == (422, "edge.key_reused")


async def test_two_hundred_checkouts_of_the_last_five_units_give_five_orders(shop: Shop) -> None:
    variant = await shop.variant_on_sale(units=5)
    _, token = await shop.customer()
    carts = [await shop.ready_cart(token, variant) for _ in range(200)]
    answers = await at_once(*(shop.send("POST", "/orders", {"cartId": cart}, token=token, key=cart) for cart in carts))
    codes = [answer.status_code for answer in answers]
    assert (codes.count(201), codes.count(409)) == (5, 195)
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert (refused["code"], refused["available"]) == ("stock.not_available", 0)


async def test_an_outdated_version_is_told_the_present_one(shop: Shop) -> None:
    _, token = await shop.customer()
    cart = (await shop.send("POST", "/carts", {}, token=token)).json()["id"]
    option = {"option": "standard"}
    for expected, status in (('"1"', 200), ('"7"', 412)):
        answer = await shop.send("PUT", f"/carts/{cart}/delivery", option, token=token, headers={"If-Match": expected})
        assert answer.status_code == status
    assert (answer.json()["code"], answer.json()["missed"]) == ("edge.version_differs", [])


async def test_a_client_that_waits_gets_the_order_as_far_as_it_has_come(shop: Shop) -> None:
    variant = await shop.variant_on_sale()
    _, token = await shop.customer()
    cart = await shop.ready_cart(token, variant)
    answer = await shop.send("POST", "/orders", {"cartId": cart}, token=token, key="k", headers={"Prefer": "wait=0"})
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (201, "wait=0")
    assert answer.json()["status"] == "PLACED"
    order = answer.json()["id"]
    cancelled = await shop.send("POST", f"/orders/{order}/cancel", {"reason": "mistake"}, token=token, key="c")
    assert cancelled.json()["status"] == "CANCELLED"
    again = await shop.send(
        "POST", "/orders", {"cartId": cart}, token=token, key="k", headers={"Prefer": "respond-async, wait=9"}
    )
    assert (again.json()["status"], again.headers["Idempotent-Replayed"]) == ("CANCELLED", "true")


async def test_staff_refund_an_order_through_its_payment(shop: Shop) -> None:
    variant = await shop.variant_on_sale()
    _, token = await shop.customer()
    cart = await shop.ready_cart(token, variant)
    order = (await shop.send("POST", "/orders", {"cartId": cart}, token=token, key="k")).json()["id"]
    wish = {"reason": "damaged"}
    for sender, status, code in (
        (token, 403, "edge.forbidden"),
        (None, 401, "edge.sign_in_needed"),
        (shop.token(uuid4(), "admin"), 409, "payment.exceeds_captured"),  # nothing is captured yet
    ):
        answer = await shop.send("POST", f"/orders/{order}/refunds", wish, token=sender, key="r")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    missing = await shop.send("POST", f"/orders/{uuid4()}/refunds", wish, token=shop.token(uuid4(), "admin"), key="r")
    assert (missing.status_code, missing.json()["code"]) == (404, "order.unknown")


async def test_anothers_order_can_not_be_cancelled_nor_be_seen_to_exist(shop: Shop) -> None:
    variant = await shop.variant_on_sale()
    _, token = await shop.customer()
    cart = await shop.ready_cart(token, variant)
    order = (await shop.send("POST", "/orders", {"cartId": cart}, token=token, key="k")).json()["id"]
    _, other = await shop.customer("bea@example.com")
    told = [
        await shop.send("POST", f"/orders/{each}/cancel", {"reason": "x"}, token=other, key="c")
        for each in (order, uuid4())
    ]
    assert [answer.status_code for answer in told] == [404, 404]
    same = [{**answer.json(), "instance": "", "traceId": ""} for answer in told]
    assert same[0] == same[1]
