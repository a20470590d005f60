"""What is a socket told when there is too much to do?"""

import asyncio
import resource
from collections.abc import Collection, Mapping
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import InvalidStatus

from infra.open_files import allow_most
from infra.resilience.buckets import Buckets
from infra.resilience.load import Load
from read_api.ws.bounds import Bounds
from read_api.ws.sources import Seen
from tests.read_api.sockets import Door, Story, open_door


class Slow(Story):
    """Snapshots that come when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.asked = asyncio.Event()

    async def stock(self, variant_ids: Collection[UUID], at_least: int) -> Mapping[UUID, Seen]:
        self.asked.set()
        await self.gate.wait()
        return await super().stock(variant_ids, at_least)


async def test_more_joins_at_once_than_there_is_room_for_are_told_to_come_back_and_may() -> None:
    story, variant = Slow(), uuid4()
    story.stock_moves(variant, 7)
    async with open_door(story, Bounds(joins=Load(1))) as door, door.client() as first, door.client() as second:
        waiting = await first.say("join:stock", variantIds=[str(variant)])
        await story.asked.wait()
        refused = await second.ask("join:stock", variantIds=[str(variant)])
        pong = await second.ask("ping")
        story.gate.set()
        joined = await first.hear()
        again = await second.ask("join:stock", variantIds=[str(variant)])

    assert (refused["data"]["code"], refused["data"]["retryAfter"]) == ("edge.busy", 1.0)
    assert pong["type"] == "pong"
    assert (joined["id"], joined["type"]) == (waiting, "ack")
    assert again["type"] == "ack"


async def test_a_new_socket_is_refused_with_a_time_to_come_back_when_there_are_too_many() -> None:
    async with open_door(bounds=Bounds(sockets=Load(1))) as door:
        async with door.client() as client:
            await client.ask("ping")
            with pytest.raises(InvalidStatus) as refused:
                async with door.client():
                    pass
        async with asyncio.timeout(10):
            assert await came_in(door) == "pong"

    response = refused.value.response
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert b'"edge.busy"' in (response.body or b"")


async def came_in(door: Door) -> str:
    """As soon as the server has noticed who left."""
    while True:
        try:
            async with door.client() as client:
                return str((await client.ask("ping"))["type"])
        except InvalidStatus:
            await asyncio.sleep(0.02)


async def test_a_socket_that_asks_too_often_is_told_so_and_goes_on_later() -> None:
    moment = [100.0]
    frames = Buckets(1, 3, now=lambda: moment[0])
    async with open_door(bounds=Bounds(frames=frames)) as door, door.client() as client, door.client() as other:
        answers = [(await client.ask("ping"))["type"] for _ in range(4)]
        others = await other.ask("ping")
        moment[0] += 1
        later = await client.ask("ping")

    assert answers == ["pong", "pong", "pong", "error"]
    assert (others["type"], later["type"]) == ("pong", "pong")


def test_as_many_files_may_be_open_as_the_host_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
        assert allow_most() == hard
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
