"""Do the written contracts say what the doors do: the schema of GraphQL, and the frames of the socket?"""

import json
import re
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml  # type: ignore[import-untyped]
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from read_api.graphql.rooms.order import OrderStatus
from read_api.main_ws import PublicChanges, Rooms
from read_api.ws import frames
from read_api.ws.resume import Sources
from read_api.ws.rooms import Hub
from tests.read_api.sockets import Client, Frame, serving
from tests.read_api.world import World
from tools import schema
from write_model.handling.catalogue import CATALOGUE
from write_model.notification.commands import PostNotification, ReadNotification
from write_model.order import state, transitions
from write_model.order.public import OPEN_RETURNS, SHIPPED, TAKEN_RETURNS, status

ROOT = Path(__file__).parents[2]


def contract() -> Any:
    return yaml.safe_load((ROOT / "docs/asyncapi.yaml").read_text())


def messages() -> dict[str, Any]:
    """By the name on the wire."""
    return {message["name"]: message for message in contract()["components"]["messages"].values()}


def check(frame: object, name: str) -> None:
    """Against the message's payload."""
    whole = {**messages()[name]["payload"], "components": contract()["components"]}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(frame)


def test_the_page_of_the_schema_is_up_to_date() -> None:
    assert schema.PAGE.read_text() == schema.page(), "run `python -m tools.schema`"


def test_every_status_that_an_order_can_have_is_in_the_schema() -> None:
    lifecycles = [transitions.PENDING, transitions.CONFIRMED, transitions.COMPLETED, transitions.CANCELLED]
    lifecycles += [transitions.EXPIRED, "ON_HOLD"]
    payments = ["NONE", "PENDING", "AUTHORIZED", "FAILED", state.PAID, state.REFUNDED, state.PARTIALLY_REFUNDED]
    shipped = [state.UNFULFILLED, "PREPARING", state.DELIVERED, *sorted(SHIPPED)]
    returned = ["NONE", *sorted(OPEN_RETURNS | TAKEN_RETURNS)]
    said = {status(*each) for each in product(lifecycles, payments, shipped, returned)}
    assert said == {each.value for each in OrderStatus}


def test_every_frame_that_is_understood_is_in_the_contract() -> None:
    channel = contract()["channels"]["socket"]["messages"]
    operations = contract()["operations"]
    named = {
        action: {each["$ref"].rsplit("/", 1)[1] for each in operations[action]["messages"]} for action in operations
    }
    assert named["ask"] | named["tell"] == set(channel) == set(contract()["components"]["messages"])
    asked = {contract()["components"]["messages"][name]["name"] for name in named["ask"]}
    assert asked == set(frames.DATA)


@pytest.mark.parametrize("name", sorted(frames.DATA))
def test_the_examples_are_understood_and_fit_their_schema(name: str) -> None:
    for example in messages()[name]["examples"]:
        check(example["payload"], name)
        assert frames.read(json.dumps(example["payload"])).type == name


async def test_every_frame_that_is_told_fits_the_contract(world: World) -> None:
    shopper, order_id = await world.ordered()
    await world.catch_up()
    changes = PublicChanges(world.readers)
    hub = Hub(changes, world.clock)
    told: dict[str, list[Frame]] = {}

    async def hear(client: Client) -> Frame:
        frame = await client.hear()
        check(frame, frame["type"])
        told.setdefault(frame["type"], []).append(frame)
        return frame

    async def ask(client: Client, wish: str, **data: object) -> None:
        number = await client.say(wish, **data)
        while (await hear(client))["id"] != number:
            pass

    sources = Sources(changes, Rooms(world.readers))
    async with serving(hub, sources, world.verifier) as url, Client.connected(url, shopper.token) as client:
        await ask(client, "join:order", orderId=order_id)
        await ask(client, "join:stock", variantIds=[shopper.variant])
        await ask(client, "join:stock", variantIds=[])
        await ask(client, "resume", position=10**9)
        await ask(client, "ping")
        await happen(world, shopper.customer_id, order_id, shopper.token)
        while {"notification:read", "stock:updated", "order:status_changed"} - set(told):
            await hear(client)
    assert set(told) == {name for name in messages() if name not in frames.DATA}
    assert {frame["data"]["code"] for frame in told["error"]} == {"edge.frame_invalid", "read.behind"}
    [changed] = told["order:status_changed"]
    assert changed["data"]["status"] == "CANCELLED"


async def happen(world: World, customer_id: Any, order_id: str, token: str) -> None:
    """A cancellation, which gives stock back, and a notification, which is read."""
    path = f"/orders/{order_id}/cancel"
    assert (await world.shop.send("POST", path, {"reason": "no ya"}, token=token, key="cancel")).is_success
    notification_id = world.shop.world.ids.new()
    await world.shop.world.send(
        PostNotification(
            notification_id=notification_id,
            customer_id=customer_id,
            channel="in_app",
            template="order_cancelled",
            locale="es",
            order_id=UUID(order_id),
            order_number="EC-1",
            position=1,
        )
    )
    await world.shop.world.send(ReadNotification(notification_id=notification_id))
    await world.catch_up()


def test_every_code_that_the_doors_tell_is_in_the_catalogue() -> None:
    text = "".join(file.read_text() for file in sorted(ROOT.glob("read_api/**/*.py")))
    named = set(re.findall(r'"((?:edge|read|log|socket)\.[a-z_]+)"', text))
    assert named - set(CATALOGUE) == set()
