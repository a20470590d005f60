"""The event socket on doubles of its sources: what happens is told as the projection would tell it."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from websockets.asyncio.client import ClientConnection, connect

from infra.clock import SystemClock
from infra.memory.clock import START
from infra.security import jwks
from infra.security.tokens import Principal, Verifier, sign
from read_api.ws.bounds import Bounds
from read_api.ws.resume import Sources, customer_channel, order_channel, stock_channel
from read_api.ws.rooms import Hub
from read_api.ws.server import listening
from read_api.ws.sources import Behind, Entry, LostFuture, Seen
from tests.kit.builders.ids import TESTS
from tests.write_model.api.shop import signing_key

ANA, EVA = uuid5(TESTS, "ana"), uuid5(TESTS, "eva")
Frame = dict[str, Any]
SOON = 5.0


class Story:
    """Changes and Snapshots. `late`: seconds that changes come after the snapshots; `away`: nothing can be read."""

    def __init__(self, late: float = 0.0) -> None:
        self.late = late
        self.entries: list[Entry] = []
        self.owners: dict[UUID, UUID] = {}
        self.away = False
        self.unread = 0  # positions of the log that the changes have not reached
        self._moved = asyncio.Event()

    @property
    def head(self) -> int:
        return len(self.entries)

    def happens(self, type_: str, channel: str, audience: str, payload: Mapping[str, object]) -> int:
        entry = Entry(self.head + 1, type_, channel, audience, "2026-03-02T15:30:00.000000Z", payload)
        self.entries.append(entry)
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        return entry.position

    def order_moves(self, order_id: UUID, status: str, owner: UUID = ANA) -> int:
        self.owners.setdefault(order_id, owner)
        payload = {"orderId": str(order_id), "status": status}
        return self.happens("order:status_changed", order_channel(order_id), f"customer:{owner}", payload)

    def stock_moves(self, variant_id: UUID, available: int) -> int:
        payload = {"variantId": str(variant_id), "available": available}
        return self.happens("stock:updated", stock_channel(variant_id), "public", payload)

    def notified(self, customer_id: UUID, number: int = 0) -> int:
        channel = customer_channel(customer_id)
        return self.happens("notification:new", channel, channel, {"notificationId": str(number)})

    async def position(self) -> int:
        return self.head

    async def check_exists(self, position: int) -> None:
        if position > self.head + self.unread:
            raise LostFuture(self.head + self.unread)

    async def wait(self, after: int, seconds: float) -> int:
        try:
            async with asyncio.timeout(seconds):
                while self.head <= after:
                    await self._moved.wait()
        except TimeoutError:
            pass
        seen = self.head
        await asyncio.sleep(self.late)
        return seen

    async def between(
        self, after: int, up_to: int, limit: int, channels: Collection[str] | None = None
    ) -> Sequence[Entry]:
        await asyncio.sleep(0)
        if self.away:
            raise Behind(0, 0)
        wanted = [entry for entry in self.entries[after:up_to] if channels is None or entry.channel in channels]
        return wanted[:limit]

    async def order(self, order_id: UUID, at_least: int) -> Seen | None:
        await self._check(at_least)
        channel = order_channel(order_id)
        ours = [entry for entry in self.entries if entry.channel == channel]
        if not ours:
            return None
        return Seen(ours[-1].payload, self.head, str(self.owners[order_id]))

    async def stock(self, variant_ids: Collection[UUID], at_least: int) -> Mapping[UUID, Seen]:
        await self._check(at_least)
        found = {}
        for variant_id in variant_ids:
            ours = [entry for entry in self.entries if entry.channel == stock_channel(variant_id)]
            if ours:
                found[variant_id] = Seen(ours[-1].payload, self.head, None)
        return found

    async def _check(self, at_least: int) -> None:
        await asyncio.sleep(0)
        if self.away or at_least > self.head:
            raise Behind(self.head, 7)


class Client:
    """Frames in the order in which they came."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._asked = 0

    @classmethod
    @asynccontextmanager
    async def connected(cls, url: str, token: str | None = None) -> "AsyncIterator[Client]":
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with connect(url, additional_headers=headers, proxy=None) as socket:
            yield cls(socket)

    async def say(self, type_: str, **data: object) -> int:
        self._asked += 1
        await self.socket.send(json.dumps({"v": 1, "type": type_, "id": self._asked, "data": data}))
        return self._asked

    async def hear(self, seconds: float = SOON) -> Frame:
        async with asyncio.timeout(seconds):
            frame: Frame = json.loads(await self.socket.recv())
            return frame

    async def ask(self, type_: str, **data: object) -> Frame:
        """The answer; nothing else may come before it."""
        asked = await self.say(type_, **data)
        frame = await self.hear()
        assert frame["id"] == asked, frame
        return frame

    async def refused(self, type_: str, **data: object) -> str:
        frame = await self.ask(type_, **data)
        assert frame["type"] == "error", frame
        return str(frame["data"]["code"])

    async def to_the_end(self) -> None:
        """Hear until the connection is closed. Raises ConnectionClosed."""
        while True:
            await self.hear()

    async def silent(self, seconds: float = 0.15) -> None:
        try:
            frame = await self.hear(seconds)
        except TimeoutError:
            return
        raise AssertionError(frame)


@dataclass
class Door:
    story: Story
    url: str
    hub: Hub
    time: list[float] = field(default_factory=lambda: [START.timestamp()])  # of the verifier

    def token(self, customer_id: UUID = ANA, role: str = "user", seconds: int = 900) -> str:
        return sign(Principal.of(customer_id, role), signing_key(), START, seconds)

    def client(self, token: str | None = None) -> AbstractAsyncContextManager[Client]:
        return Client.connected(self.url, token)


@asynccontextmanager
async def serving(hub: Hub, sources: Sources, verifier: Verifier, bounds: Bounds | None = None) -> AsyncIterator[str]:
    """The hub at work and the socket's address."""
    await hub.start()
    running = asyncio.create_task(hub.run())
    async with listening("127.0.0.1", 0, verifier, hub, sources, bounds) as server:
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"ws://127.0.0.1:{port}/api/v1/ws"
        finally:
            running.cancel()
            await asyncio.wait([running])


@asynccontextmanager
async def open_door(story: Story | None = None, bounds: Bounds | None = None) -> AsyncIterator[Door]:
    told = story or Story()
    time = [START.timestamp()]
    verifier = Verifier(jwks.document([signing_key().public]), lambda: time[0])
    hub = Hub(told, SystemClock())
    async with serving(hub, Sources(told, told), verifier, bounds) as url:
        yield Door(told, url, hub, time)
