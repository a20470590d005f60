"""Are commands over GraphQL the ones of REST, with their keys, refusals and answers?"""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.read_api.world import Answer, Shopper, World, code_of

UNKNOWN = str(UUID(int=7))
ADD = """mutation Add($cart: ID!, $variant: ID!, $quantity: Int!, $key: String, $version: Int) {
  addCartItem(cartId: $cart, variantId: $variant, quantity: $quantity, key: $key, expectedVersion: $version) {
    cart { id version lines { id quantity total { amountMinor } } totals { total { amountMinor } } }
    userErrors { __typename code message path ... on StockNotAvailable { available variantId } }
    position replayed
  }
}"""
CHANGE = """mutation Change($cart: ID!, $line: ID!, $quantity: Int!) {
  changeCartItem(cartId: $cart, line: $line, quantity: $quantity) {
    cart { lines { quantity } } userErrors { code path }
  }
}"""
REMOVE = """mutation Remove($cart: ID!, $line: ID!) {
  removeCartItem(cartId: $cart, line: $line) { cart { lines { id } } userErrors { code } }
}"""
PLACE = """mutation Place($cart: ID!, $key: String!, $wait: Int! = 0) {
  createOrder(cartId: $cart, key: $key, waitSeconds: $wait) {
    order { id number status paymentStatus total { amountMinor currency display } }
    userErrors { __typename code path ... on WrongState { state allowed } }
    position replayed
  }
}"""
CANCEL = """mutation Cancel($order: ID!, $key: String!, $reason: String) {
  cancelOrder(orderId: $order, key: $key, reason: $reason) {
    order { id status reason { code } } userErrors { __typename code path } replayed
  }
}"""


async def place(world: World, shopper: Shopper, key: str, cart: str | None = None) -> Any:
    answer = await world.ask(PLACE, {"cart": cart or shopper.cart, "key": key}, token=shopper.token)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["createOrder"]


async def test_a_cart_is_filled_changed_and_emptied(world: World) -> None:
    shopper = await world.ready_to_order()
    added = await world.ask(ADD, {"cart": shopper.cart, "variant": shopper.variant, "quantity": 2}, token=shopper.token)
    payload = added.json()["data"]["addCartItem"]
    [line] = payload["cart"]["lines"]
    assert (line["quantity"], payload["userErrors"], payload["position"]) == (3, [], await world.head())
    assert added.headers["Consistency-Token"] == str(payload["position"])
    wish = {"cart": shopper.cart, "line": line["id"]}
    changed = await world.ask(CHANGE, {**wish, "quantity": 1}, token=shopper.token)
    assert changed.json()["data"]["changeCartItem"]["cart"]["lines"] == [{"quantity": 1}]
    removed = await world.ask(REMOVE, wish, token=shopper.token)
    assert removed.json()["data"]["removeCartItem"] == {"cart": {"lines": []}, "userErrors": []}


async def test_an_order_is_placed_once_under_its_key(world: World) -> None:
    shopper = await world.ready_to_order()
    first = await place(world, shopper, "k1")
    head = await world.head()
    again = await place(world, shopper, "k1")
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["order"] == first["order"]
    assert first["order"]["total"]["currency"] == "USD"
    other_cart = await world.shop.ready_cart(shopper.token, shopper.variant)
    before = await world.head()
    reused = await place(world, shopper, "k1", other_cart)
    assert [(error["code"], error["path"]) for error in reused["userErrors"]] == [("edge.key_reused", ["key"])]
    assert (head, await world.head()) == (first["position"], before)


async def test_fifty_at_once_under_one_key_are_one_order(world: World) -> None:
    shopper = await world.ready_to_order()
    answers = await asyncio.gather(*[place(world, shopper, "k1") for _ in range(50)])
    assert len({answer["order"]["id"] for answer in answers}) == 1
    assert sum(not answer["replayed"] for answer in answers) == 1


async def test_a_key_of_rest_is_known_over_graphql(world: World) -> None:
    shopper, order_id = await world.ordered()  # over REST, under the key "first"
    head = await world.head()
    again = await place(world, shopper, "first")
    assert (again["order"]["id"], again["replayed"], await world.head()) == (order_id, True, head)


@pytest.mark.parametrize("intent", ["add", "change", "remove", "cancel"])
async def test_a_key_of_graphql_is_known_over_rest(world: World, intent: str) -> None:
    shopper, order_id = await world.ordered()
    cart = (await world.shop.send("POST", "/carts", {}, token=shopper.token)).json()["id"]
    path = f"/carts/{cart}/items"
    item = {"variantId": shopper.variant, "quantity": 1}
    filled = await world.shop.send("POST", path, item, token=shopper.token)
    line = filled.json()["lines"][0]["id"]
    named = f'cartId: "{cart}", key: "k1"'
    document, method, path, body = {
        "add": (f'addCartItem({named}, variantId: "{shopper.variant}", quantity: 1)', "POST", path, item),
        "change": (f'changeCartItem({named}, line: "{line}", quantity: 2)', "PATCH", f"{path}/{line}", {"quantity": 2}),
        "remove": (f'removeCartItem({named}, line: "{line}")', "DELETE", f"{path}/{line}", None),
        "cancel": (
            f'cancelOrder(orderId: "{order_id}", key: "k1", reason: "no ya")',
            "POST",
            f"/orders/{order_id}/cancel",
            {"reason": "no ya"},
        ),
    }[intent]
    done = await world.ask(f"mutation {{ {document} {{ userErrors {{ code }} }} }}", token=shopper.token)
    assert [payload["userErrors"] for payload in done.json()["data"].values()] == [[]]
    head = await world.head()
    again = await world.shop.send(method, path, body, token=shopper.token, key="k1")
    assert (again.status_code, again.headers["Idempotent-Replayed"], await world.head()) == (200, "true", head)


async def test_an_order_can_be_cancelled_by_its_customer_alone(world: World) -> None:
    shopper, order_id = await world.ordered()
    _, stranger = await world.shop.customer("eva@example.com")
    wish = {"order": order_id, "key": "c1", "reason": "by mistake"}
    head = await world.head()
    theirs = (await world.ask(CANCEL, wish, token=stranger)).json()["data"]["cancelOrder"]
    assert (theirs["order"], [error["code"] for error in theirs["userErrors"]]) == (None, ["order.unknown"])
    assert await world.head() == head
    own = (await world.ask(CANCEL, wish, token=shopper.token)).json()["data"]["cancelOrder"]
    assert own["order"] == {"id": order_id, "status": "CANCELLED", "reason": {"code": "requested"}}


async def test_waiting_for_the_payment_answers_with_the_order_as_it_is_then(world: World) -> None:
    shopper = await world.ready_to_order()
    answer = await world.ask(PLACE, {"cart": shopper.cart, "key": "k1", "wait": 1}, token=shopper.token)
    payload = answer.json()["data"]["createOrder"]
    assert payload["order"]["status"] in {"PLACED", "AWAITING_PAYMENT"}
    assert not payload["replayed"]
    long = await world.ask(PLACE, {"cart": shopper.cart, "key": "k1", "wait": 6}, token=shopper.token)
    assert (long.status_code, code_of(long)) == (422, "edge.parameter_invalid")


async def test_a_refusal_carries_its_facts(world: World) -> None:
    shopper = await world.ready_to_order(units=1)
    wish = {"cart": shopper.cart, "variant": shopper.variant, "quantity": 5}
    payload = (await world.ask(ADD, wish, token=shopper.token)).json()["data"]["addCartItem"]
    [error] = payload["userErrors"]
    assert (error["__typename"], error["code"], error["available"]) == ("StockNotAvailable", "stock.not_available", 1)
    assert error["variantId"] == shopper.variant
    stale = await world.ask(ADD, {**wish, "quantity": 1, "version": 1}, token=shopper.token)
    assert stale.json()["data"]["addCartItem"]["userErrors"][0]["code"] == "edge.version_differs"


async def send_bad(world: World, shopper: Shopper, **changes: object) -> Answer:
    wish: dict[str, object] = {"cart": shopper.cart, "variant": shopper.variant, "quantity": 1}
    return await world.ask(ADD, wish | changes, token=shopper.token)


@pytest.mark.parametrize("quantity", [1.5, "1", True, "one", None, 2**31, -(2**31) - 1, [1], {"a": 1}])
async def test_a_quantity_of_a_wrong_type_is_refused(world: World, quantity: object) -> None:
    shopper = await world.ready_to_order()
    head = await world.head()
    answer = await send_bad(world, shopper, quantity=quantity)
    assert (answer.status_code, code_of(answer), await world.head()) == (400, "edge.query_invalid", head)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": 0}, "cart.quantity_out_of_range"),
        ({"quantity": -1}, "cart.quantity_out_of_range"),
        ({"quantity": 10**9}, "cart.quantity_out_of_range"),
        ({"variant": UNKNOWN}, "cart.unknown_variant"),
        ({"cart": UNKNOWN}, "cart.unknown"),
    ],
)
async def test_what_the_rules_refuse_changes_nothing(world: World, changes: dict[str, object], code: str) -> None:
    shopper = await world.ready_to_order()
    head = await world.head()
    answer = await send_bad(world, shopper, **changes)
    assert answer.status_code == 200
    assert [error["code"] for error in answer.json()["data"]["addCartItem"]["userErrors"]] == [code]
    assert await world.head() == head


async def test_another_customers_cart_is_not_there(world: World) -> None:
    shopper = await world.ready_to_order()
    _, stranger = await world.shop.customer("eva@example.com")
    head = await world.head()
    wish = {"cart": shopper.cart, "variant": shopper.variant, "quantity": 1}
    theirs = await world.ask(ADD, wish, token=stranger)
    assert [error["code"] for error in theirs.json()["data"]["addCartItem"]["userErrors"]] == ["cart.unknown"]
    placed = await world.ask(PLACE, {"cart": shopper.cart, "key": "k1"}, token=stranger)
    assert placed.json()["data"]["createOrder"]["userErrors"][0]["code"] == "cart.unknown"
    nobody = await world.ask(ADD, wish)
    assert (nobody.status_code, code_of(nobody)) == (401, "edge.sign_in_needed")
    assert await world.head() == head


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"key": ""}, 400, "edge.key_invalid"),
        ({"key": "k" * 256}, 400, "edge.key_invalid"),
        ({"key": "clave ñ"}, 400, "edge.key_invalid"),
        ({"cart": "nonsense"}, 422, "edge.parameter_invalid"),
        ({"cart": ""}, 422, "edge.parameter_invalid"),
    ],
)
async def test_what_the_door_refuses_has_a_code(
    world: World, changes: dict[str, object], status: int, code: str
) -> None:
    shopper = await world.ready_to_order()
    head = await world.head()
    answer = await send_bad(world, shopper, **changes)
    assert (answer.status_code, code_of(answer), await world.head()) == (status, code, head)


async def test_a_key_belongs_to_somebody(world: World) -> None:
    made = await world.shop.send("POST", "/carts", {})
    secret, cart = made.headers["Cart-Session"], made.json()["id"]
    variant = await world.shop.variant_on_sale()
    wish = {"cart": cart, "variant": variant, "quantity": 1, "key": "k1"}
    nobody = await world.ask(ADD, wish)
    assert (nobody.status_code, code_of(nobody)) == (400, "edge.session_missing")
    held = await world.ask(ADD, wish, headers={"Cart-Session": secret})
    assert held.json()["data"]["addCartItem"]["cart"]["lines"][0]["quantity"] == 1
    again = await world.ask(ADD, wish, headers={"Cart-Session": secret})
    assert again.json()["data"]["addCartItem"]["replayed"]
