"""Does a subscription tell a snapshot and then every change, to its owner alone, and no longer than the token?"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from read_api.main_http import Server, config
from tests.read_api.world import Shopper, World

CHANGED = """subscription Changed($id: ID!, $after: Minor) {
  orderStatusChanged(orderId: $id, after: $after) { orderId status paymentStatus position snapshot occurredAt }
}"""


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    server = Server(config(world.app, 0))
    running = asyncio.create_task(server.serve())
    await server.up.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"ws://127.0.0.1:{port}/graphql"
    finally:
        server.should_exit = True
        await running


class Subscriber:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **message: object) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self) -> Any:
        async with asyncio.timeout(5):
            return json.loads(await self.socket.recv())

    async def subscribe(self, query: str = CHANGED, **variables: object) -> None:
        await self.say(id=uuid4().hex, type="subscribe", payload={"query": query, "variables": variables})

    async def change(self) -> Any:
        message = await self.hear()
        assert message["type"] == "next", message
        return message["payload"]["data"]["orderStatusChanged"]

    async def refusal(self) -> str:
        """The code of an error that ends the operation."""
        message = await self.hear()
        while message["type"] == "complete":  # of the operation before
            message = await self.hear()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        return str(errors[0]["extensions"]["code"])


@asynccontextmanager
async def subscriber(url: str, token: str | None = None) -> AsyncIterator[Subscriber]:
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket:
        client = Subscriber(socket)
        await client.say(type="connection_init", payload={} if token is None else {"Authorization": f"Bearer {token}"})
        assert (await client.hear())["type"] == "connection_ack"
        yield client


async def cancel(world: World, shopper: Shopper, order_id: str) -> None:
    path = f"/orders/{order_id}/cancel"
    done = await world.shop.send("POST", path, {"reason": "by mistake"}, token=shopper.token, key="cancel")
    assert done.status_code == 200
    await world.catch_up()


async def test_a_snapshot_comes_first_and_then_every_change(world: World) -> None:
    shopper, order_id = await world.ordered()
    position = await world.catch_up()
    async with served(world) as url, subscriber(url, shopper.token) as client:
        await client.subscribe(id=order_id)
        snapshot = await client.change()
        assert (snapshot["snapshot"], snapshot["orderId"], snapshot["position"]) == (True, order_id, position)
        await cancel(world, shopper, order_id)
        change = await client.change()
        assert (change["status"], change["snapshot"]) == ("CANCELLED", False)
        assert change["position"] > position


async def test_who_comes_back_hears_what_was_missed_and_nothing_twice(world: World) -> None:
    shopper, order_id = await world.ordered()
    position = await world.catch_up()
    await cancel(world, shopper, order_id)
    async with served(world) as url, subscriber(url, shopper.token) as client:
        await client.subscribe(id=order_id, after=position)
        missed = await client.change()
        assert (missed["status"], missed["snapshot"]) == ("CANCELLED", False)
        await client.subscribe(id=order_id, after=missed["position"])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.socket.recv()


async def test_another_customers_order_is_not_there(world: World) -> None:
    _, order_id = await world.ordered()
    _, stranger = await world.shop.customer("eva@example.com")
    await world.catch_up()
    async with served(world) as url:
        for token in (stranger, None):
            async with subscriber(url, token) as client:
                await client.subscribe(id=order_id)
                assert await client.refusal() == "order.unknown"


async def test_a_token_that_runs_out_ends_the_subscription(world: World) -> None:
    shopper, order_id = await world.ordered()
    await world.catch_up()
    async with served(world) as url, subscriber(url, shopper.token) as client:
        await client.subscribe(id=order_id)
        assert (await client.change())["snapshot"]
        path = f"/orders/{order_id}/cancel"
        await world.shop.send("POST", path, {"reason": "by mistake"}, token=shopper.token, key="cancel")
        world.clock.advance(901)
        await world.catch_up()
        assert await client.refusal() == "edge.token_expired"


async def test_errors_have_codes_and_never_a_bugs_text(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shopper, order_id = await world.ordered()
    await world.catch_up()

    async def broken(*_: object) -> None:
        raise KeyError("secret of the house")

    async with served(world) as url, subscriber(url, shopper.token) as client:
        for query, variables, code in (
            ("subscription { nothing }", {}, "edge.query_invalid"),
            (CHANGED, {"id": "nonsense"}, "edge.parameter_invalid"),
            (CHANGED, {"id": order_id, "after": -1}, "edge.parameter_invalid"),
            (CHANGED, {"id": order_id, "after": "one"}, "edge.query_invalid"),
            ("{ orders { edges { cursor } } }", {}, "edge.query_invalid"),
            ("subscription {" + "a{" * 50 + "b" + "}" * 51, {}, "edge.query_too_deep"),
        ):
            await client.subscribe(query, **variables)
            assert await client.refusal() == code, query
        monkeypatch.setattr(world.mongo, "load", broken)
        monkeypatch.setattr(world.sql, "load", broken)
        await client.subscribe(id=order_id)
        said = await client.hear()
        while said["type"] == "complete":
            said = await client.hear()
        assert "edge.internal" in json.dumps(said)
        assert "secret" not in json.dumps(said)


async def test_a_wrong_token_closes_the_connection(world: World) -> None:
    async with served(world) as url:
        for given in ("Bearer nonsense", "Basic YTpi", "Bearer "):
            async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket:
                await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": given}}))
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 4403


@pytest.mark.parametrize(
    "raw",
    [
        "{",
        "[]",
        "null",
        "{}",
        '{"type": 1}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ a }"}}',
        '{"type": "subscribe", "id": "1", "payload": null}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": []}}',
        '{"type": "complete"}',
        '{"type": "subscribe", "id": "1", "payload": ' + "[" * 50_000,
        b"\xff",
    ],
)
async def test_what_is_no_message_closes_the_connection(world: World, raw: str | bytes) -> None:
    async with served(world) as url, subscriber(url) as client:
        await client.socket.send(raw)
        with pytest.raises(ConnectionClosed) as closed:
            await client.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400


async def test_a_token_in_the_header_will_do(world: World) -> None:
    shopper, order_id = await world.ordered()
    await world.catch_up()
    headers = {"Authorization": f"Bearer {shopper.token}"}
    protocols = [Subprotocol("graphql-transport-ws")]
    async with served(world) as url, connect(url, subprotocols=protocols, additional_headers=headers) as socket:
        client = Subscriber(socket)
        await client.say(type="connection_init")
        assert (await client.hear())["type"] == "connection_ack"
        await client.subscribe(id=order_id)
        assert (await client.change())["snapshot"]


async def test_only_graphql_transport_ws_is_spoken(world: World) -> None:
    async with served(world) as url, connect(url, subprotocols=[Subprotocol("graphql-ws")], proxy=None) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4406
