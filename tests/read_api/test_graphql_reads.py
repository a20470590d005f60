"""What does GraphQL show, to whom, and at which price in questions to the stores?"""

import base64
from uuid import uuid4

import pytest

from infra.ports import Unavailable
from projections.running.projection import MONGO
from tests.read_api.world import World, code_of

LISTED = """query Listed($first: Int!, $after: String, $sort: ProductSort! = NEWEST, $search: String) {
  products(first: $first, after: $after, sortBy: $sort, search: $search) {
    pageInfo { hasNextPage endCursor }
    edges { cursor node { id } }
    nodes {
      id slug title variants { id sku price { amountMinor currency display } stock { available position } }
      images { url } rating { average count }
    }
  }
}"""
ORDER = "query Order($id: ID!, $at: AsOf) { order(id: $id, asOf: $at) { id number status paymentStatus position } }"
STATUSES = {"PLACED", "AWAITING_PAYMENT"}


async def test_a_list_of_products_asks_the_stores_as_often_for_twenty_as_for_two(world: World) -> None:
    for _ in range(20):
        await world.shop.variant_on_sale(units=3)
    await world.catch_up()
    costs = []
    for first in (2, 20):
        before = world.questions
        answer = await world.ask(LISTED, {"first": first})
        nodes = answer.json()["data"]["products"]["nodes"]
        assert [len(nodes), nodes[0]["variants"][0]["stock"]["available"]] == [first, 3]
        costs.append(world.questions - before)
    assert costs[0] == costs[1] <= 4


@pytest.mark.parametrize("sort", ["NEWEST", "TITLE", "PRICE_UP", "PRICE_DOWN"])
async def test_pages_lead_through_the_whole_list_under_every_sort(world: World, sort: str) -> None:
    for number in range(7):
        await world.shop.variant_on_sale(units=0, price_minor=1000 + 100 * (number % 3))
    await world.catch_up()
    seen: list[str] = []
    after = None
    while True:
        answer = await world.ask(LISTED, {"first": 3, "after": after, "sort": sort})
        page = answer.json()["data"]["products"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 7


async def test_prices_are_written_as_the_reader_writes_them(world: World) -> None:
    await world.shop.variant_on_sale(price_minor=2499)
    await world.catch_up()
    query = (
        '{ products { nodes { es: variants { price { display } } en: variants { price { display(locale: "en") } } } } }'
    )
    [node] = (await world.ask(query)).json()["data"]["products"]["nodes"]
    assert node["es"][0]["price"]["display"] == "$24,99"
    assert node["en"][0]["price"]["display"] == "$24.99"


async def test_a_draft_is_there_for_staff_only(world: World) -> None:
    texts = {"es": "Gorra", "en": "Cap"}
    draft = await world.shop.staff(
        "POST",
        "/products",
        {"titles": texts, "descriptions": texts, "category": "caps", "taxCategory": "standard", "currency": "USD"},
    )
    await world.catch_up()
    query, variables = "query P($id: ID!) { product(id: $id) { status } }", {"id": draft["id"]}
    assert (await world.ask(query, variables)).json()["data"]["product"] is None
    token = world.shop.token(uuid4(), "admin")
    assert (await world.ask(query, variables, token=token)).json()["data"]["product"] == {"status": "DRAFT"}
    by_slug = await world.ask("query P($s: String!) { product(slug: $s) { id } }", {"s": draft["slug"]})
    assert by_slug.json()["data"]["product"] is None


async def test_an_order_is_there_for_its_customer_and_for_staff(world: World) -> None:
    shopper, order_id = await world.ordered()
    _, stranger = await world.shop.customer("eva@example.com")
    position = await world.catch_up()
    own = await world.ask(ORDER, {"id": order_id}, token=shopper.token)
    assert own.json()["data"]["order"]["status"] in STATUSES
    assert own.json()["extensions"] == {"position": position}
    assert own.headers["Consistency-Token"] == str(position)
    staff = await world.ask(ORDER, {"id": order_id}, token=world.shop.token(uuid4(), "admin"))
    assert staff.json()["data"]["order"]["id"] == order_id
    for token in (stranger, None):
        other = await world.ask(ORDER, {"id": order_id}, token=token)
        assert (other.status_code, other.json()["data"]) == (200, {"order": None})
        timeline = await world.ask(
            "query T($id: ID!) { orderTimeline(id: $id) { type } }", {"id": order_id}, token=token
        )
        assert timeline.json()["data"]["orderTimeline"] == []


async def test_an_order_can_be_seen_as_it_was(world: World) -> None:
    shopper, order_id = await world.ordered()
    placed = await world.head()
    moment = world.clock._now.isoformat()
    world.clock.advance(60)
    cancelled = await world.shop.send(
        "POST", f"/orders/{order_id}/cancel", {"reason": "by mistake"}, token=shopper.token, key="cancel"
    )
    assert cancelled.status_code == 200
    await world.catch_up()

    async def status(at: dict[str, object] | None) -> str | None:
        answer = await world.ask(ORDER, {"id": order_id, "at": at}, token=shopper.token)
        found = answer.json()["data"]["order"]
        return None if found is None else str(found["status"])

    assert await status(None) == "CANCELLED"
    assert await status({"position": placed}) in STATUSES
    assert await status({"recordedAt": moment}) in STATUSES
    assert await status({"position": 1}) is None
    both = await world.ask(ORDER, {"id": order_id, "at": {"position": 1, "recordedAt": moment}}, token=shopper.token)
    assert (both.status_code, code_of(both)) == (400, "edge.query_invalid")


async def test_orders_and_notifications_are_a_customers_own(world: World) -> None:
    shopper, order_id = await world.ordered()
    await world.catch_up()
    query = "{ orders { edges { node { id items total { amountMinor } } } pageInfo { hasNextPage } } }"
    own = (await world.ask(query, token=shopper.token)).json()["data"]["orders"]
    assert [edge["node"]["id"] for edge in own["edges"]] == [order_id]
    inbox = await world.ask("{ notifications { edges { node { id } } } }", token=shopper.token)
    assert inbox.json()["data"]["notifications"]["edges"] == []
    for field in ("orders", "notifications"):
        nobody = await world.ask(f"{{ {field} {{ edges {{ cursor }} }} }}")
        assert (nobody.status_code, code_of(nobody)) == (401, "edge.sign_in_needed")


async def test_a_cart_is_shown_to_whoever_holds_it(world: World) -> None:
    shopper = await world.ready_to_order()
    made = await world.shop.send("POST", "/carts", {})
    secret, anonymous = made.headers["Cart-Session"], made.json()["id"]
    await world.catch_up()
    query = "query C($id: ID!) { cart(id: $id) { id version lines { quantity unitPrice { amountMinor } } } }"
    own = await world.ask(query, {"id": shopper.cart}, token=shopper.token)
    assert own.json()["data"]["cart"]["lines"] == [{"quantity": 1, "unitPrice": {"amountMinor": 2499}}]
    assert (await world.ask(query, {"id": shopper.cart})).json()["data"]["cart"] is None
    held = await world.ask(query, {"id": anonymous}, headers={"Cart-Session": secret})
    assert held.json()["data"]["cart"]["id"] == anonymous
    assert (await world.ask(query, {"id": anonymous}, headers={"Cart-Session": str(uuid4())})).json()["data"] == {
        "cart": None
    }


async def test_a_node_is_whatever_has_the_id(world: World) -> None:
    shopper, order_id = await world.ordered()
    await world.catch_up()
    query = "query N($id: ID!) { node(id: $id) { __typename id } }"
    for identity, kind in ((order_id, "Order"), (shopper.cart, "Cart"), (str(uuid4()), None)):
        found = (await world.ask(query, {"id": identity}, token=shopper.token)).json()["data"]["node"]
        assert found == (None if kind is None else {"__typename": kind, "id": identity})


async def test_a_read_with_a_token_is_fresh_or_says_that_it_is_behind(world: World) -> None:
    shopper, order_id = await world.ordered()
    behind = await world.catch_up()
    token = str(behind + 1)
    asked = {"Consistency-Token": token, "Prefer": "wait=0"}
    for query in (
        "{ products { nodes { id } } }",
        "{ orders { edges { cursor } } }",
        f'{{ order(id: "{order_id}") {{ id }} }}',
        f'{{ cart(id: "{shopper.cart}") {{ id }} }}',
        f'{{ product(id: "{uuid4()}") {{ id }} }}',
    ):
        answer = await world.ask(query, token=shopper.token, headers=asked)
        details = answer.json()["errors"][0]["extensions"]
        assert (answer.status_code, details["code"], details["position"]) == (503, "read.behind", behind), query
        assert details["lagMs"] >= 0
        assert answer.headers["Retry-After"] == "1"
    fresh = await world.ask("{ products { nodes { id } } }", headers={"Consistency-Token": str(behind)})
    assert fresh.status_code == 200
    assert fresh.json()["extensions"]["position"] >= behind


async def test_without_the_document_store_an_order_comes_from_the_rows_and_the_inbox_is_rebuilding(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shopper, order_id = await world.ordered()
    await world.catch_up()

    async def away(*_: object) -> None:
        raise Unavailable("away")

    for name in ("load", "find", "checkpoints"):
        monkeypatch.setattr(world.stores[MONGO], name, away)
    order = await world.ask(ORDER, {"id": order_id}, token=shopper.token)
    assert order.json()["data"]["order"]["id"] == order_id
    inbox = await world.ask("{ notifications { edges { cursor } } }", token=shopper.token)
    assert (inbox.status_code, code_of(inbox)) == (503, "read.rebuilding")
    assert inbox.headers["Retry-After"] == "1"


@pytest.mark.parametrize("cursor", ["x", "é", "A" * 2000, base64.urlsafe_b64encode(b'["NEWEST",1,2,3]').decode()])
async def test_a_cursor_that_is_not_of_this_list_is_refused(world: World, cursor: str) -> None:
    await world.shop.variant_on_sale(units=0)
    await world.catch_up()
    answer = await world.ask(LISTED, {"first": 1, "after": cursor})
    assert (answer.status_code, code_of(answer)) == (422, "edge.parameter_invalid")
