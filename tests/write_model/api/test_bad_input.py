"""Whatever is sent: a typed 4xx with a stable code, and nothing is stored."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.write_model.api.shop import Answer, Shop, open_shop
from write_model.handling.catalogue import CATALOGUE

NOBODYS = "0198c5a0-d188-7475-8ea2-8d9e0f102132"


@dataclass
class Scene:
    """A shop with a customer whose cart has a line, and somebody else's."""

    shop: Shop
    token: str
    other: str
    cart: str
    line: str
    variant: str


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with open_shop() as shop:
        variant = await shop.variant_on_sale()
        _, token = await shop.customer()
        _, other = await shop.customer("bea@example.com")
        cart = await shop.ready_cart(token, variant)
        state: Any = await shop.world.bus.state(f"cart-{cart}")
        yield Scene(shop, token, other, cart, str(state.lines[0].line_id), variant)


async def refused(scene: Scene, answer: Answer, status: int, code: str, head: int) -> None:
    body = answer.json()
    assert (answer.status_code, body["code"], body["status"]) == (status, code, status), body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body["type"] == f"https://telocompro.com/problems/{code}"
    assert body["title"] == CATALOGUE[code].es
    assert body["traceId"] == answer.headers["X-Request-Id"]
    assert await scene.shop.world.log.head() == head


ITEMS: list[tuple[str, object, int, str]] = [
    ("quantity 0", {"quantity": 0}, 422, "cart.quantity_out_of_range"),
    ("quantity -1", {"quantity": -1}, 422, "cart.quantity_out_of_range"),
    ("quantity 10^9", {"quantity": 10**9}, 422, "cart.quantity_out_of_range"),
    ("quantity 10^30", {"quantity": 10**30}, 422, "cart.quantity_out_of_range"),
    ("quantity 1.5", {"quantity": 1.5}, 422, "edge.body_invalid"),
    ("quantity 1.0", {"quantity": 1.0}, 422, "edge.body_invalid"),
    ('quantity "1"', {"quantity": "1"}, 422, "edge.body_invalid"),
    ("quantity true", {"quantity": True}, 422, "edge.body_invalid"),
    ("quantity text", {"quantity": "many"}, 422, "edge.body_invalid"),
    ("quantity null", {"quantity": None}, 422, "edge.body_invalid"),
    ("quantity list", {"quantity": [1]}, 422, "edge.body_invalid"),
    ("unknown variant", {"variantId": NOBODYS}, 404, "cart.unknown_variant"),
    ("variant no id", {"variantId": "cap"}, 422, "edge.body_invalid"),
    ("variant number", {"variantId": 7}, 422, "edge.body_invalid"),
    ("a price", {"priceMinor": 1}, 422, "edge.body_invalid"),
    ("a total", {"totals": {"totalMinor": 1}}, 422, "edge.body_invalid"),
    ("an owner", {"customerId": NOBODYS}, 422, "edge.body_invalid"),
    ("a state", {"status": "ORDERED"}, 422, "edge.body_invalid"),
    ("snake case", {"variant_id": NOBODYS}, 422, "edge.body_invalid"),
]


@pytest.mark.parametrize(("change", "status", "code"), [row[1:] for row in ITEMS], ids=[row[0] for row in ITEMS])
async def test_a_wrong_cart_item_is_refused(scene: Scene, change: dict[str, object], status: int, code: str) -> None:
    head = await scene.shop.world.log.head()
    body = {"variantId": scene.variant, "quantity": 1, **change}
    answer = await scene.shop.send("POST", f"/carts/{scene.cart}/items", body, token=scene.token)
    await refused(scene, answer, status, code, head)


RAW: list[tuple[str, bytes, int, str]] = [
    ("cut off", b'{"quantity": 1', 400, "edge.body_malformed"),
    ("not JSON", b"quantity=1", 400, "edge.body_malformed"),
    ("not UTF-8", b'{"quantity": "\xff\xfe"}', 400, "edge.body_malformed"),
    ("half a surrogate", b'{"quantity": "\\ud800"}', 400, "edge.body_malformed"),
    ("NaN", b'{"quantity": NaN}', 422, "edge.body_invalid"),
    ("a list", b"[]", 422, "edge.body_invalid"),
    ("a text", b'"quantity"', 422, "edge.body_invalid"),
    ("null", b"null", 422, "edge.body_invalid"),
    ("nothing", b"", 422, "edge.body_invalid"),
    ("deep", b'{"quantity":' + b"[" * 20_000 + b"]" * 20_000 + b"}", 400, "edge.body_malformed"),
    ("10 MB", b'{"quantity": "' + b"x" * 10_000_000 + b'"}', 413, "edge.body_too_large"),
    ("65,537 bytes", b'{"quantity": "' + b"x" * (65_537 - 16) + b'"}', 413, "edge.body_too_large"),
]


@pytest.mark.parametrize(("raw", "status", "code"), [row[1:] for row in RAW], ids=[row[0] for row in RAW])
async def test_a_wrong_body_is_refused(scene: Scene, raw: bytes, status: int, code: str) -> None:
    head = await scene.shop.world.log.head()
    path = f"/carts/{scene.cart}/items/{scene.line}"
    answer = await scene.shop.send("PATCH", path, raw=raw, token=scene.token)
    await refused(scene, answer, status, code, head)


async def test_a_huge_body_is_refused_before_it_is_read(scene: Scene) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(10_000):
            read += 1_000
            yield b"x" * 1_000

    answer = await scene.shop.client.post(
        "/api/v1/rest/carts", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "edge.body_too_large")
    assert answer.headers["Connection"] == "close"


async def test_errors_name_the_field_by_its_pointer_and_never_what_was_sent(scene: Scene) -> None:
    body = {"titles": {"es": 7}, "descriptions": {}, "category": "caps", "taxCategory": "x", "currency": "USD"}
    bad = {**body, "images": [{"url": "canary-1", "alt": 5}], "canary-2": 1}
    answer = await scene.shop.send("POST", "/products", bad, token=scene.shop.token(uuid4(), "admin"))
    pointers = {error["pointer"]: error["code"] for error in answer.json()["errors"]}
    assert pointers["/titles/es"] == "string_type"
    assert pointers["/images/0/alt"] == "dict_type"
    assert pointers["/canary-2"] == "extra_forbidden"
    assert "canary-1" not in answer.text


async def test_another_media_type_is_refused(scene: Scene) -> None:
    head = await scene.shop.world.log.head()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await scene.shop.send("POST", "/carts", raw=b"market=EC", token=scene.token, headers=headers)
    await refused(scene, answer, 415, "edge.media_type", head)


async def test_anothers_cart_is_missing(scene: Scene) -> None:
    head = await scene.shop.world.log.head()
    item = {"variantId": scene.variant, "quantity": 1}
    for cart in (scene.cart, NOBODYS):
        answer = await scene.shop.send("POST", f"/carts/{cart}/items", item, token=scene.other)
        await refused(scene, answer, 404, "cart.unknown", head)
    answer = await scene.shop.send("POST", "/orders", {"cartId": scene.cart}, token=scene.other, key="k")
    await refused(scene, answer, 404, "cart.unknown", head)


async def test_wrong_tokens_are_refused_and_never_taken_for_none(scene: Scene) -> None:
    head = await scene.shop.world.log.head()
    unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."
    for header in ("Bearer nonsense", f"Bearer {unsigned}", f"Bearer {scene.token}x", "Basic YTpi", "Bearer "):
        answer = await scene.shop.send("POST", "/carts", {}, headers={"Authorization": header})
        await refused(scene, answer, 401, "edge.token_invalid", head)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    scene.shop.world.clock.set(scene.shop.world.clock._now + timedelta(seconds=901))
    answer = await scene.shop.send("POST", "/carts", {}, token=scene.token)
    await refused(scene, answer, 401, "edge.token_expired", head)


KEYS: list[tuple[str, str | None, str]] = [
    ("missing", None, "edge.key_missing"),
    ("empty", "", "edge.key_invalid"),
    ("too long", "k" * 256, "edge.key_invalid"),
    ("with a space", "a b", "edge.key_invalid"),
]


@pytest.mark.parametrize(("key", "code"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS])
async def test_an_order_needs_a_fit_key(scene: Scene, key: str | None, code: str) -> None:
    head = await scene.shop.world.log.head()
    answer = await scene.shop.send("POST", "/orders", {"cartId": scene.cart}, token=scene.token, key=key)
    await refused(scene, answer, 400, code, head)


async def test_the_longest_key_is_fit(scene: Scene) -> None:
    answer = await scene.shop.send("POST", "/orders", {"cartId": scene.cart}, token=scene.token, key="k" * 255)
    assert answer.status_code == 201


async def test_a_key_of_nobody_can_not_be_recognised_and_is_refused(scene: Scene) -> None:
    head = await scene.shop.world.log.head()
    await refused(scene, await scene.shop.send("POST", "/carts", {}, key="1"), 400, "edge.session_missing", head)


@pytest.mark.parametrize("given", ["1", 'W/"1"', '"x"', '"1", "2"', '"-1"', '"99999999999999"'])
async def test_an_if_match_that_is_no_version_is_refused(scene: Scene, given: str) -> None:
    head = await scene.shop.world.log.head()
    path = f"/carts/{scene.cart}/delivery"
    answer = await scene.shop.send("PUT", path, {"option": "standard"}, token=scene.token, headers={"If-Match": given})
    await refused(scene, answer, 400, "edge.if_match_invalid", head)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/carts/not-an-id/items", 404, "edge.not_found"),
        ("GET", "/nothing/here", 404, "edge.not_found"),
        ("POST", "/carts/" + NOBODYS, 404, "edge.not_found"),
        ("PATCH", "/orders", 405, "edge.method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_told_as_a_problem_too(
    scene: Scene, method: str, path: str, status: int, code: str
) -> None:
    head = await scene.shop.world.log.head()
    body = {"variantId": scene.variant, "quantity": 1}
    await refused(scene, await scene.shop.send(method, path, body, token=scene.token), status, code, head)


ADDRESS = {"recipient": "Ana", "line1": "Calle 1", "city": "Quito", "country": "EC"}
ADDRESSES: list[tuple[str, dict[str, object], str]] = [
    ("another country", {"country": "FR"}, "cart.address_invalid"),
    ("blank", {"city": "  "}, "cart.address_invalid"),
    ("a control character", {"city": "Qui\u0007to"}, "cart.address_invalid"),
    ("NUL", {"city": "Quito\u0000"}, "edge.body_invalid"),
    ("much too long", {"line1": "x" * 20_001}, "edge.body_invalid"),
]


@pytest.mark.parametrize(("change", "code"), [row[1:] for row in ADDRESSES], ids=[row[0] for row in ADDRESSES])
async def test_a_wrong_address_is_refused_without_repeating_it(
    scene: Scene, change: dict[str, object], code: str
) -> None:
    head = await scene.shop.world.log.head()
    body = {**ADDRESS, **change}
    answer = await scene.shop.send("PUT", f"/carts/{scene.cart}/address", body, token=scene.token)
    await refused(scene, answer, 422, code, head)
    assert "Calle 1" not in answer.text


async def test_titles_are_told_in_the_language_of_the_client(scene: Scene) -> None:
    path = f"/carts/{NOBODYS}/delivery"
    answer = await scene.shop.send(
        "PUT", path, {"option": "standard"}, token=scene.token, headers={"Accept-Language": "en-US"}
    )
    assert (answer.json()["title"], answer.headers["Content-Language"]) == (CATALOGUE["cart.unknown"].en, "en")


async def test_a_request_id_is_kept_when_it_is_fit_and_made_when_not(scene: Scene) -> None:
    kept = await scene.shop.send("POST", "/carts", {}, headers={"X-Request-Id": "abc-1"})
    made = await scene.shop.send("POST", "/carts", {}, headers={"X-Request-Id": "a b\tc"})
    assert kept.headers["X-Request-Id"] == "abc-1"
    assert len(made.headers["X-Request-Id"]) == 36


async def test_browsers_of_other_origins_are_not_let_in(scene: Scene) -> None:
    for origin, allowed in (("https://shop.example", "https://shop.example"), ("https://evil.example", None)):
        answer = await scene.shop.client.options(
            "/api/v1/rest/carts", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}
        )
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    strict = (await scene.shop.send("POST", "/carts", {})).headers
    assert strict["X-Content-Type-Options"] == "nosniff"
    assert strict["Cache-Control"] == "no-store"
    assert "default-src 'none'" in strict["Content-Security-Policy"]


async def test_a_fault_of_ours_is_told_without_its_words(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("canary in a stack trace")

    monkeypatch.setattr("write_model.handling.attempt.authorise", broken)
    answer = await scene.shop.send("POST", f"/carts/{scene.cart}/reprice", token=scene.token)
    assert (answer.status_code, answer.json()["code"]) == (500, "edge.internal")
    assert "canary" not in json.dumps(answer.json())
