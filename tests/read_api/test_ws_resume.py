"""Does a client that is cut at any frame, and comes back with its last position, miss or repeat nothing?"""

import asyncio
from collections.abc import Mapping
from uuid import uuid5

from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.kit.builders.ids import TESTS
from tests.kit.examples import examples
from tests.read_api.sockets import ANA, EVA, Client, Door, Frame, Story, open_door

ORDERS = [uuid5(TESTS, f"order {number}") for number in range(3)]
CHANNELS = [f"order:{order_id}" for order_id in ORDERS]


def happen(story: Story, step: int, number: int) -> None:
    """Something on a channel of hers, or on another's."""
    if step < len(ORDERS):
        story.order_moves(ORDERS[step], f"STATUS {number}")
    else:
        story.notified(ANA if step == len(ORDERS) else EVA, number)


class Shopper:
    """Keeps what she was told, and the position of the last frame that had one."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.last: int | None = None
        self.told: list[int] = []
        self.states: dict[str, str] = {}
        self.positions: list[int] = []

    async def listen(self, frames: int) -> None:
        """Until so many frames were heard, or nothing more comes; then the connection is cut."""
        async with self.door.client(self.door.token()) as client:
            await self._begin(client)
            for _ in range(frames):
                try:
                    self._take(await client.hear(0.1))
                except (TimeoutError, ConnectionClosed):
                    return
            client.socket.transport.abort()

    async def _begin(self, client: Client) -> None:
        if self.last is not None:
            await client.say("resume", position=self.last, channels=CHANNELS)
            return
        for order_id in ORDERS:
            await client.say("join:order", orderId=str(order_id))
        joined = 0
        while joined < len(ORDERS):  # before that there is nothing to come back to
            frame = await client.hear()
            joined += frame["type"] == "ack"
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        assert frame["type"] != "error", frame
        if frame["position"] is None:
            return
        self.positions.append(frame["position"])
        self.last = max(self.last or 0, frame["position"])
        data: Mapping[str, object] = frame["data"]
        snapshot = data.get("snapshot")
        if isinstance(snapshot, dict):
            self.states[f"order:{snapshot['orderId']}"] = snapshot["status"]
        if frame["channel"] is not None:
            self.told.append(frame["position"])
            if "status" in data:
                self.states[frame["channel"]] = str(data["status"])


async def cut_again_and_again(before: list[int], during: list[int], cuts: list[int]) -> None:
    story = Story(late=0.005)
    for number, order_id in enumerate(ORDERS):
        story.order_moves(order_id, f"FIRST {number}")
    for number, step in enumerate(before):
        happen(story, step, number)
    async with open_door(story) as door:
        shopper = Shopper(door)
        pace = asyncio.create_task(go_on(story, during))
        for frames in cuts:
            await shopper.listen(frames)
        await pace
        await shopper.listen(1_000)
        check(shopper, story)


async def go_on(story: Story, steps: list[int]) -> None:
    for number, step in enumerate(steps):
        happen(story, step, 1_000 + number)
        await asyncio.sleep(0.002)


def check(shopper: Shopper, story: Story) -> None:
    assert shopper.positions == sorted(shopper.positions)
    assert len(shopper.told) == len(set(shopper.told))
    hers = [entry for entry in story.entries if entry.audience == f"customer:{ANA}"]
    told = set(shopper.told)
    first = shopper.positions[0]
    assert [
        entry.position
        for entry in hers
        if entry.position > first and entry.position not in told and entry.type == "notification:new"
    ] == []
    newest = {entry.channel: str(entry.payload["status"]) for entry in hers if "status" in entry.payload}
    assert shopper.states == newest


@settings(max_examples=examples(15), deadline=None)
@given(
    before=st.lists(st.integers(0, 4), max_size=12),
    during=st.lists(st.integers(0, 4), min_size=15, max_size=40),
    cuts=st.lists(st.integers(0, 8), max_size=6),
)
def test_a_client_cut_at_any_frame_misses_and_repeats_nothing(
    before: list[int], during: list[int], cuts: list[int]
) -> None:
    asyncio.run(cut_again_and_again(before, during, cuts))
