"""Whatever is sent, is it turned down with a code of the catalogue, and has nothing happened?"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.kit.client import PREFIX, ApiClient, Reply, eventually, graphql
from tests.kit.shop import Shop
from tests.kit.socket_client import socket_client
from write_model.handling.catalogue import CATALOGUE

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

NO_IDS: list[Any] = [5, True, "text", []]
NO_QUANTITIES: list[Any] = [1.5, "1", True, "text", None, [], {}]
OUT_OF_RANGE = [0, -1, 10**9]
TEN_MEGABYTES = 10_000_000
ADD = """mutation ($cart: ID!, $variant: ID!, $quantity: Int!) {
  addCartItem(cartId: $cart, variantId: $variant, quantity: $quantity) { userErrors { code } cart { id } } }"""


async def test_a_body_that_is_not_as_agreed_is_refused_over_rest(lonely_shop: Shop) -> None:
    shop = lonely_shop
    customer, cart, variant = await _at_the_till(shop)
    items = f"/carts/{cart}/items"
    async with _nothing_happens(shop):
        for quantity in NO_QUANTITIES:
            refused = await customer.ask("POST", items, {"variantId": variant, "quantity": quantity})
            _is_refused(refused, 422, "edge.body_invalid")
        for quantity in OUT_OF_RANGE:
            refused = await customer.ask("POST", items, {"variantId": variant, "quantity": quantity})
            _is_refused(refused, 422, "cart.quantity_out_of_range")
        for body, status, code in (
            ({"variantId": str(uuid4()), "quantity": 1}, 404, "cart.unknown_variant"),
            ({"variantId": "gorra", "quantity": 1}, 422, "edge.body_invalid"),
            ({"variantId": variant, "quantity": 1, "unitPriceMinor": 1}, 422, "edge.body_invalid"),
            ({"variantId": variant}, 422, "edge.body_invalid"),
            ([], 422, "edge.body_invalid"),
        ):
            _is_refused(await customer.ask("POST", items, body), status, code)
        address = {"recipient": "Ana\0", "line1": "x", "city": "Quito", "country": "EC"}
        _is_refused(await customer.ask("PUT", f"/carts/{cart}/address", address), 422, "edge.body_invalid")


async def test_bytes_that_are_no_json_are_refused_over_rest(lonely_shop: Shop) -> None:
    shop = lonely_shop
    customer, cart, variant = await _at_the_till(shop)
    url, sent = f"{shop.urls['rest']}{PREFIX}/carts/{cart}/items", {"Authorization": f"Bearer {customer.token}"}
    good = json.dumps({"variantId": variant, "quantity": 1}).encode()
    async with _nothing_happens(shop):
        for raw, media_type, status, code in (
            (b'{"variantId": ', "application/json", 400, "edge.body_malformed"),
            (b'{"variantId": "\xff\xfe", "quantity": 1}', "application/json", 400, "edge.body_malformed"),
            (good.decode().encode("utf-16"), "application/json", 400, "edge.body_malformed"),
            (b'{"variantId": "\\ud800", "quantity": 1}', "application/json", 400, "edge.body_malformed"),
            (b"[" * 60_000, "application/json", 400, "edge.body_malformed"),
            (b"null", "application/json", 422, "edge.body_invalid"),
            (good, "text/plain", 415, "edge.media_type"),
            (b" " * TEN_MEGABYTES, "application/json", 413, "edge.body_too_large"),
        ):
            answer = await shop.http.post(url, content=raw, headers={**sent, "Content-Type": media_type})
            _is_refused(Reply(answer.status_code, answer.json(), dict(answer.headers)), status, code)

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b" " * 100_000

        answer = await shop.http.post(url, content=endless(), headers={**sent, "Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "edge.body_too_large")


async def test_what_belongs_to_others_is_refused_over_rest(lonely_shop: Shop) -> None:
    shop = lonely_shop
    customer, cart, variant = await _at_the_till(shop)
    stranger = await shop.customer()
    line = {"variantId": variant, "quantity": 1}
    expired, path = shop.token(shop.write.ids.new(), age=901), f"/carts/{cart}/items"
    async with _nothing_happens(shop):
        _is_refused(await stranger.ask("POST", path, line), 404, "cart.unknown")
        _is_refused(await stranger.place(cart), 404, "cart.unknown")
        _is_refused(await stranger.get(f"/carts/{cart}"), 404, "edge.not_found")
        _is_refused(await shop.anonymous().ask("POST", path, line), 401, "edge.sign_in_needed")
        for token, code in (
            (expired, "edge.token_expired"),
            (f"{customer.token}x", "edge.token_invalid"),
            ("a.b.c", "edge.token_invalid"),
            ("x" * 9000, "edge.token_invalid"),
        ):
            caller = ApiClient(shop.http, shop.urls["rest"], token=token)
            _is_refused(await caller.ask("POST", path, line), 401, code)
            _is_refused(await caller.get("/orders"), 401, code)
        basic = {"Authorization": "Basic YW5hOmFuYQ=="}
        _is_refused(await shop.anonymous().ask("POST", path, line, headers=basic), 401, "edge.token_invalid")
        _is_refused(await customer.ask("POST", "/products", {}), 422, "edge.body_invalid")
        words = {"es": "Gorra", "en": "Cap"}
        body = {
            "titles": words,
            "descriptions": words,
            "category": "caps",
            "taxCategory": "standard",
            "currency": "USD",
        }
        _is_refused(await customer.ask("POST", "/products", body), 403, "edge.forbidden")


async def test_headers_paths_and_parameters_are_checked_over_rest(lonely_shop: Shop) -> None:
    shop = lonely_shop
    customer, cart, variant = await _at_the_till(shop)
    line, path = {"variantId": variant, "quantity": 1}, f"/carts/{cart}/items"
    async with _nothing_happens(shop):
        for headers, code in (
            ({"Idempotency-Key": "two words"}, "edge.key_invalid"),
            ({"Idempotency-Key": "k" * 256}, "edge.key_invalid"),
            ({"If-Match": "7"}, "edge.if_match_invalid"),
        ):
            _is_refused(await customer.ask("POST", path, line, headers=headers), 400, code)
        stale = await customer.ask("POST", path, line, headers={"If-Match": '"1"'})
        _is_refused(stale, 412, "edge.version_differs")
        assert stale.body["currentVersion"] > 1
        _is_refused(await customer.ask("POST", "/orders", {"cartId": cart}), 400, "edge.key_missing")
        _is_refused(await customer.get("/orders/seven"), 404, "edge.not_found")
        _is_refused(await customer.get("/nothing/here"), 404, "edge.not_found")
        _is_refused(await customer.ask("DELETE", "/orders"), 405, "edge.method_not_allowed")
        for query in (
            "limit=0",
            "limit=-1",
            "limit=101",
            "limit=1.5",
            "limit=ten",
            "after=x",
            "sort=best",
            "colour=red",
        ):
            _is_refused(await customer.get(f"/products?{query}"), 422, "edge.parameter_invalid")
        _is_refused(await customer.get("/orders?after=zzz"), 422, "edge.parameter_invalid")


async def test_a_document_that_asks_for_nonsense_is_refused_over_graphql(lonely_shop: Shop) -> None:
    shop = lonely_shop
    customer, cart, variant = await _at_the_till(shop)
    stranger, url = await shop.customer(), shop.urls["graphql"]
    deep = "{ node(id: 1) " + "{ ... on Product { variants " * 25 + "{ id }" + "} }" * 25 + " }"
    async with _nothing_happens(shop):
        for quantity in NO_QUANTITIES:
            refused = await graphql(customer, url, ADD, cart=cart, variant=variant, quantity=quantity)
            _is_refused(_graphql_error(refused), 400, "edge.query_invalid")
        for quantity in OUT_OF_RANGE:
            answer = await graphql(customer, url, ADD, cart=cart, variant=variant, quantity=quantity)
            assert _user_errors(answer) == ["cart.quantity_out_of_range"]
        unknown = await graphql(customer, url, ADD, cart=cart, variant=str(uuid4()), quantity=1)
        assert _user_errors(unknown) == ["cart.unknown_variant"]
        others = await graphql(stranger, url, ADD, cart=cart, variant=variant, quantity=1)
        assert _user_errors(others) == ["cart.unknown"]
        for query, code in (
            ("{ secrets }", "edge.query_invalid"),
            ("{ products(", "edge.query_invalid"),
            (f'{{ cart(id: "{cart}", owner: true) {{ id }} }}', "edge.query_invalid"),
            (deep, "edge.query_too_deep"),
            ("{" + " ".join(f"a{n}: products {{ position }}" for n in range(40)) + "}", "edge.query_too_many_aliases"),
            ("{" + "products " * 3000 + "}", "edge.query_too_long"),
        ):
            _is_refused(_graphql_error(await graphql(customer, url, query)), 400, code)


async def test_bytes_and_tokens_are_checked_over_graphql(lonely_shop: Shop) -> None:
    shop = lonely_shop
    customer, cart, variant = await _at_the_till(shop)
    url, line = shop.urls["graphql"], {"cart": cart, "variant": variant, "quantity": 1}
    async with _nothing_happens(shop):
        for raw, status, code in (
            (b'{"query": ', 400, "edge.body_malformed"),
            (b'{"query": "\xff"}', 400, "edge.body_malformed"),
            (b'{"query": 5}', 422, "edge.body_invalid"),
            (json.dumps({"query": ADD, "variables": line, "price": 1}).encode(), 422, "edge.body_invalid"),
            (b" " * TEN_MEGABYTES, 413, "edge.body_too_large"),
        ):
            answer = await shop.http.post(f"{url}/graphql", content=raw, headers={"Content-Type": "application/json"})
            reply = Reply(answer.status_code, answer.json(), dict(answer.headers))
            _is_refused(_graphql_error(reply), status, code)
        expired = shop.token(shop.write.ids.new(), age=901)
        for token, code in ((expired, "edge.token_expired"), (f"{customer.token}x", "edge.token_invalid")):
            caller = ApiClient(shop.http, shop.urls["rest"], token=token)
            _is_refused(
                _graphql_error(await graphql(caller, url, ADD, cart=cart, variant=variant, quantity=1)), 401, code
            )


async def test_a_frame_that_is_not_as_agreed_is_refused_by_the_socket(lonely_shop: Shop) -> None:
    shop = lonely_shop
    customer, _, variant = await _at_the_till(shop)
    nothing = str(shop.write.ids.new())
    async with _nothing_happens(shop), socket_client(shop.urls["ws"], customer.token) as client:
        for kind, data, code in (
            ("join:everything", {}, "edge.frame_unknown"),
            ("join:order", {}, "edge.frame_invalid"),
            ("join:order", {"orderId": nothing, "admin": True}, "edge.frame_invalid"),
            *(("join:order", {"orderId": value}, "edge.frame_invalid") for value in NO_IDS),
            ("join:order", {"orderId": nothing}, "edge.not_found"),
            ("join:stock", {"variantIds": [variant] * 51}, "edge.frame_invalid"),
            ("join:stock", {"variantIds": ["gorra"]}, "edge.frame_invalid"),
            *(("resume", {"position": value, "channels": []}, "edge.frame_invalid") for value in (-1, 1.5, "1", True)),
            ("resume", {"position": 0, "channels": ["everything"]}, "edge.not_found"),
            ("auth", {"token": "a.b.c"}, "edge.token_invalid"),
            ("auth", {"token": shop.token(shop.write.ids.new(), age=901)}, "edge.token_expired"),
            ("auth", {"token": shop.token(shop.write.ids.new())}, "edge.token_invalid"),  # another person's
        ):
            answer = await client.ask(kind, data)
            assert (answer["type"], answer["data"]["code"]) == ("error", code), (kind, data)
            assert 400 <= CATALOGUE[code].status < 500
        for raw in ('{"type": ', "[]", "5", '{"type": "ping", "v": 2}', '{"type": "ping", "more": 1}', b"\xff\xfe"):
            await client.socket.send(raw)
        await eventually(lambda: _errors_heard(client.heard, 6))
        assert (await client.ask("ping"))["type"] == "pong"
    codes = {frame["data"]["code"] for frame in client.heard if frame["type"] == "error"}
    assert codes == {"edge.frame_invalid", "edge.frame_version"}


async def test_a_socket_that_sends_too_much_or_the_wrong_token_is_shut(lonely_shop: Shop) -> None:
    shop = lonely_shop
    expired, wrong = shop.token(shop.write.ids.new(), age=901), "a.b.c"
    async with _nothing_happens(shop):
        async with connect(shop.urls["ws"], proxy=None) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                await _sent_in_parts(socket, TEN_MEGABYTES)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009  # too big
        for token in (expired, wrong):
            headers = {"Authorization": f"Bearer {token}"}
            with pytest.raises(InvalidStatus) as refused:
                await connect(shop.urls["ws"], additional_headers=headers, proxy=None)
            assert refused.value.response.status_code == 401
            assert b"edge.token_" in (refused.value.response.body or b"")


async def _sent_in_parts(socket: ClientConnection, size: int) -> None:
    """One message; then whatever comes back."""
    await socket.send(["x" * 10_000] * (size // 10_000))
    await socket.recv()


async def _at_the_till(shop: Shop) -> tuple[ApiClient, str, str]:
    """A customer with a cart, and a variant that may be bought."""
    variant, customer = await shop.variant(stock=5), await shop.customer()
    return customer, await shop.cart(customer, [(variant, 1)]), variant


@asynccontextmanager
async def _nothing_happens(shop: Shop) -> AsyncIterator[None]:
    """The log and the outbox are the same before and after."""
    before = await eventually(lambda: _still(shop), seconds=60)
    yield
    assert await _heads(shop) == before


async def _still(shop: Shop) -> tuple[int, ...] | None:
    """Once nothing of earlier journeys is under way."""
    first = await _heads(shop)
    await asyncio.sleep(0.4)
    return first if await _heads(shop) == first else None


async def _heads(shop: Shop) -> tuple[int, ...]:
    async with shop.write.pool.connection() as connection:
        row: Any = await (await connection.execute("select count(*) from work.outbox")).fetchone()
    return await shop.write.reader.head(), row[0]


def _is_refused(answer: Reply, status: int, code: str) -> None:
    assert (answer.status, answer.code) == (status, code), answer.body
    assert CATALOGUE[code].status == status
    assert 400 <= status < 500


def _graphql_error(answer: Reply) -> Reply:
    """In the shape of a problem: its first error's code."""
    return Reply(answer.status, answer.body["errors"][0]["extensions"], answer.headers)


def _user_errors(answer: Reply) -> list[str]:
    assert answer.status == 200, answer.body
    payload = answer.body["data"]["addCartItem"]
    assert payload["cart"] is None
    assert all(400 <= CATALOGUE[error["code"]].status < 500 for error in payload["userErrors"])
    return [error["code"] for error in payload["userErrors"]]


async def _errors_heard(heard: list[dict[str, Any]], count: int) -> bool | None:
    return sum(frame["type"] == "error" for frame in heard) >= count or None
