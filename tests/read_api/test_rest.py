"""Do the reads over REST keep their promises: owners, validators, cursors, freshness, typed refusals?"""

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from openapi_spec_validator import validate

from infra.ports import Unavailable
from projections.running.projection import MONGO
from read_api.rest import app as rest
from read_api.rest import pages
from read_api.rest.operation import schemas
from tests.read_api.world import World, code_of


async def listing(world: World, path: str, token: str | None = None) -> list[Any]:
    """Through all pages."""
    found: list[Any] = []
    after = ""
    while True:
        body = (await world.get(f"{path}{after}", token=token)).json()
        found += body["items"]
        if body["next"] is None:
            return found
        after = f"&after={body['next']}"


@pytest.mark.parametrize("sort", ["newest", "title", "price", "-price"])
async def test_a_list_is_read_to_its_end_page_by_page(world: World, sort: str) -> None:
    for number in range(7):
        await world.shop.variant_on_sale(units=0, price_minor=1000 + 100 * (number % 3))
    await world.catch_up()
    found = await listing(world, f"/products?sort={sort}&limit=3")
    assert len({product["id"] for product in found}) == len(found) == 7
    prices = [product["variants"][0]["priceMinor"] for product in found]
    if "price" in sort:
        assert prices == sorted(prices, reverse=sort == "-price")


async def test_filters_hold_all_at_once(world: World) -> None:
    for price in (1000, 2000, 3000):
        await world.shop.variant_on_sale(units=0, price_minor=price)
    await world.catch_up()
    found = await listing(world, "/products?category=caps&price_min=1500&price_max=3000&search=gorra&limit=1")
    assert sorted(product["variants"][0]["priceMinor"] for product in found) == [2000, 3000]
    assert await listing(world, "/products?category=shoes&limit=100") == []


async def test_what_has_not_changed_is_not_sent_again(world: World) -> None:
    shopper, order_id = await world.ordered()
    await world.catch_up()
    product_id = (await world.get("/products")).json()["items"][0]["id"]
    paths = ["/products", f"/products/{product_id}", f"/stock-items/{shopper.variant}", f"/carts/{shopper.cart}"]
    paths += ["/orders", f"/orders/{order_id}", f"/orders/{order_id}/timeline", "/notifications"]
    tags = {path: (await world.get(path, token=shopper.token)).headers["ETag"] for path in paths}
    await world.shop.variant_on_sale(units=0)
    position = await world.catch_up()
    for path, tag in tags.items():
        given = {"If-None-Match": f'"other", {tag}'}
        again = await world.get(path, token=shopper.token, headers=given)
        if path == "/products":
            assert again.status_code == 200
        else:
            assert (again.status_code, again.content) == (304, b""), path
            assert int(again.headers["Consistency-Token"]) == position
    assert (await world.get("/products", headers={"If-None-Match": "*"})).status_code == 304


async def test_another_customers_things_are_not_there(world: World) -> None:
    shopper, order_id = await world.ordered()
    _, stranger = await world.shop.customer("eva@example.com")
    await world.catch_up()
    staff = world.shop.token(uuid4(), "admin")
    for path in (f"/orders/{order_id}", f"/orders/{order_id}/timeline", f"/carts/{shopper.cart}"):
        assert (await world.get(path, token=shopper.token)).status_code == 200
        assert (await world.get(path, token=staff)).status_code == 200
        for token in (stranger, None):
            answer = await world.get(path, token=token)
            assert (answer.status_code, code_of(answer)) == (404, "edge.not_found")
    assert (await world.get("/orders", token=stranger)).json()["items"] == []
    for path in ("/orders", "/notifications"):
        nobody = await world.get(path)
        assert (nobody.status_code, code_of(nobody)) == (401, "edge.sign_in_needed")
        assert nobody.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_draft_is_there_for_staff_only(world: World) -> None:
    texts = {"es": "Gorra", "en": "Cap"}
    draft = {"titles": texts, "descriptions": texts, "category": "caps", "taxCategory": "standard", "currency": "USD"}
    made = await world.shop.staff("POST", "/products", draft)
    await world.catch_up()
    assert (await world.get(f"/products/{made['id']}")).status_code == 404
    assert (await world.get("/products")).json()["items"] == []
    assert (await world.get(f"/products/{made['id']}", token=world.shop.token(uuid4(), "admin"))).status_code == 200


async def test_an_order_can_be_seen_as_it_was(world: World) -> None:
    shopper, order_id = await world.ordered()
    placed, moment = await world.head(), world.clock._now.isoformat().replace("+00:00", "Z")
    world.clock.advance(60)
    path = f"/orders/{order_id}"
    done = await world.shop.send("POST", f"{path}/cancel", {"reason": "no ya"}, token=shopper.token, key="cancel")
    assert done.status_code == 200
    await world.catch_up()
    seen = [
        (await world.get(f"{path}{at}", token=shopper.token)).json()["lifecycle"]
        for at in ("", f"?asOf={placed}", f"?asOf={moment}")
    ]
    assert seen == ["CANCELLED", "PENDING", "PENDING"]
    assert (await world.get(f"{path}?asOf=1", token=shopper.token)).status_code == 404
    for wrong in ("yesterday", "2026-03-02T15:30:00", "-1", "9" * 5_000):
        answer = await world.get(f"{path}?asOf={wrong}", token=shopper.token)
        assert (answer.status_code, code_of(answer)) == (422, "edge.parameter_invalid"), wrong


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=101", "limit=-1", "limit=1.5", "limit=x", "limit=" + "9" * 5_000, "limit=²"),
        *("sort=cheapest", "price_min=-1", "price_max=x", "available=yes", "after=x", "after=%ff", "colour=red"),
    ],
)
async def test_a_parameter_that_cant_be_read_is_refused(world: World, query: str) -> None:
    await world.shop.variant_on_sale(units=0)
    await world.catch_up()
    answer = await world.get(f"/products?{query}")
    assert (answer.status_code, code_of(answer)) == (422, "edge.parameter_invalid")
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_no_read_takes_parameters_that_it_does_not_know(world: World) -> None:
    shopper, order_id = await world.ordered()
    await world.catch_up()
    paths = [f"/stock-items/{shopper.variant}", f"/carts/{shopper.cart}", f"/orders/{order_id}", "/orders"]
    paths += [f"/products/{uuid4()}", f"/products/{uuid4()}/reviews", f"/orders/{order_id}/timeline", "/notifications"]
    for path in paths:
        answer = await world.get(f"{path}?colour=red", token=shopper.token)
        assert (answer.status_code, code_of(answer)) == (422, "edge.parameter_invalid"), path


@pytest.mark.parametrize("identity", ["x", "1", "%00", str(UUID(int=7)), "0" * 300])
async def test_an_id_that_names_nothing_is_not_found(world: World, identity: str) -> None:
    await world.catch_up()
    for noun in ("products", "stock-items", "carts", "orders"):
        answer = await world.get(f"/{noun}/{identity}")
        assert (answer.status_code, code_of(answer)) == (404, "edge.not_found")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": "Bearer nonsense"}, 401, "edge.token_invalid"),
        ({"Authorization": "Basic YTpi"}, 401, "edge.token_invalid"),
        ({"Consistency-Token": "x"}, 422, "edge.parameter_invalid"),
        ({"Consistency-Token": "9" * 5_000}, 422, "edge.parameter_invalid"),
    ],
)
async def test_a_header_that_is_wrong(world: World, headers: dict[str, str], status: int, code: str) -> None:
    await world.catch_up()
    answer = await world.get("/products", headers=headers)
    assert (answer.status_code, code_of(answer)) == (status, code)


async def test_a_read_with_a_token_is_fresh_or_says_that_it_is_behind(world: World) -> None:
    shopper, order_id = await world.ordered()
    behind = await world.catch_up()
    asked = {"Consistency-Token": str(behind + 1), "Prefer": "wait=0"}
    paths = ["/products", f"/products/{uuid4()}", f"/stock-items/{uuid4()}", f"/carts/{shopper.cart}"]
    paths += [f"/products/{uuid4()}/reviews", "/orders", f"/orders/{order_id}", f"/orders/{uuid4()}", "/notifications"]
    for path in paths:
        answer = await world.get(path, token=shopper.token, headers=asked)
        body = answer.json()
        assert (answer.status_code, body["code"], body["position"]) == (503, "read.behind", behind), path
        assert body["lagMs"] >= 0
        assert answer.headers["Retry-After"] == "1"
    fresh = await world.get("/orders", token=shopper.token, headers={"Consistency-Token": f'"{behind}"'})
    assert fresh.status_code == 200
    assert int(fresh.headers["Consistency-Token"]) >= behind


async def test_without_the_document_store_the_main_reads_go_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shopper, order_id = await world.ordered()
    await world.catch_up()
    product_id = (await world.get("/products")).json()["items"][0]["id"]

    async def away(*_: object) -> None:
        raise Unavailable("away")

    for name in ("load", "find", "checkpoints"):
        monkeypatch.setattr(world.stores[MONGO], name, away)
    for path in ("/products", f"/products/{product_id}", f"/carts/{shopper.cart}", f"/orders/{order_id}", "/orders"):
        assert (await world.get(path, token=shopper.token)).status_code == 200, path
    inbox = await world.get("/notifications", token=shopper.token)
    assert (inbox.status_code, code_of(inbox), inbox.headers["Retry-After"]) == (503, "read.rebuilding", "1")
    assert (await world.get("/health/ready")).status_code == 200


async def test_it_is_ready_once_the_read_models_were_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await world.get("/health/live")).json() == {"status": "ok"}
    position = await world.catch_up()
    assert (await world.get("/health/ready")).json() == {"status": "ready", "position": position}

    async def away() -> None:
        raise Unavailable("away")

    for store in world.stores.values():
        monkeypatch.setattr(store, "checkpoints", away)
    await world.readers.freshness.refresh()
    answer = await world.get("/health/ready")
    assert (answer.status_code, code_of(answer)) == (503, "read.rebuilding")


async def test_the_merged_contract_is_valid_and_its_examples_are_documents(world: World) -> None:
    commands: Any = world.shop.app
    reads = rest.operations(world.readers, world.verifier, world.as_of)
    contract = msgspec.json.decode(pages.merged(commands.openapi(), reads))
    validate(contract)
    for read in reads:
        assert msgspec.convert(read.example, read.document) is not None
        assert "get" in contract["paths"][f"{rest.PREFIX}{read.path}"]
    theirs = set(commands.openapi()["components"]["schemas"])
    assert theirs.isdisjoint(schemas(reads))
