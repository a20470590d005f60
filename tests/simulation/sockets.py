"""Clients of the event socket: lines that break at any moment, and nothing that is missed or told twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from websockets.exceptions import ConnectionClosedError

from infra.memory.views import MemoryViewStore
from infra.security.tokens import Principal
from projections.public_changes.view import CHANGES, CHANNEL
from projections.public_changes.view import SOURCE as PUBLIC
from projections.running.freshness import Freshness
from projections.running.reading import Readers
from read_api.main_ws import PublicChanges, Rooms
from read_api.ws.connection import Connection
from read_api.ws.resume import Sources
from read_api.ws.rooms import Hub
from tests.simulation.chances import Chance
from tests.simulation.loop import PROGRAM, passing, start
from tests.simulation.shoppers import Shop
from tests.simulation.world import Running, World

CHANGE = "change"
GIVE_UP = 6.0  # seconds that a client waits for an answer
LAST_TRIES = 60


@dataclass(eq=False)
class Line:
    """One connection: what the client has said, what it was told, and whether it still holds."""

    said: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    told: asyncio.Queue[dict[str, Any] | None] = field(default_factory=asyncio.Queue)
    broken: bool = False

    def cut(self) -> None:
        if not self.broken:
            self.broken = True
            self.said.put_nowait(None)
            self.told.put_nowait(None)

    # as the server sees it

    async def __aiter__(self) -> AsyncIterator[str]:
        while (raw := await self.said.get()) is not None:
            yield raw

    async def send(self, frame: str) -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise ConnectionClosedError(None, None)
        said = json.loads(frame)
        what = said["type"] if said["type"] in ("ack", "error") else "event"
        await passing(PROGRAM.get(), "socket.send", what)
        self.told.put_nowait(said)
        await passing(PROGRAM.get(), "socket.send done", what)

    async def close(self, code: int, reason: str) -> None:
        self.cut()


class EveryoneIsWhoTheySay:
    """A verifier: how tokens are checked is tried elsewhere."""

    def verify(self, token: str) -> Principal:
        return Principal(subject=UUID(token), role="user", permissions=frozenset())


async def sockets(world: World, here: Running) -> None:
    """A node of the event socket."""
    copies, views, clock = world.copies_of(here), world.views_of(here), world.program_clock()
    freshness = Freshness(views, clock, {PUBLIC.target: lambda: copies.nudges(CHANNEL)})
    await freshness.refresh()
    readers = Readers(views, copies, freshness)
    changes = PublicChanges(readers)
    hub = Hub(changes, clock)
    await hub.start()
    sources = Sources(changes, Rooms(readers))
    verifier: Any = EveryoneIsWhoTheySay()

    def connect(line: Any, token: str) -> None:
        start(here.program, Connection(line, token, verifier, hub, sources).serve())

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(freshness.run())
        here.connect = connect
        tasks.create_task(hub.run())


class Listener:
    """A customer who follows their orders and the stock, over as many connections as it takes."""

    def __init__(self, world: World, shop: Shop, customer_id: UUID, number: int) -> None:
        self._world = world
        self._shop = shop
        self._id = customer_id
        self._chance: Chance = world.chance(f"listener {number}")
        self._line: Line | None = None
        self._node: Running | None = None
        self._last_node = ""
        self._ids = 0
        self.position = 0  # everything on all joined channels up to there was told
        self.since: dict[str, int] = {}  # by joined channel: everything after it has to be told
        self.told: dict[str, list[int]] = {}

    async def live(self) -> None:
        while not self._world.record.healed:
            if await self._connect():
                await self._use()
            await asyncio.sleep(self._chance.between(0.0, 2.0))
        self._hang_up()

    async def end(self) -> None:
        """Come back once more, and hear of everything."""
        if not self.since:
            return  # it never came in
        for _ in range(LAST_TRIES):
            if await self._connect() and await self._world.documents.position(PUBLIC.target) <= self.position:
                break
            self._hang_up()
            await asyncio.sleep(1.0)
        else:
            self._world.record.violation(f"a socket client stays at {self.position}")
        self._hang_up()

    async def _connect(self) -> bool:
        """Whether there is a line on which everything is joined."""
        nodes = [each for each in self._world.of_kind("sockets") if each.connect is not None]
        if not nodes:
            return False
        self._node = self._chance.pick(nodes)
        line = self._line = Line()
        self._node.lines.append(line)
        assert self._node.connect is not None, "it is up"
        self._node.connect(line, str(self._id))
        if self.since:
            own = f"customer:{self._id}"
            channels = [channel for channel in self.since if channel != own]
            answer = await self._ask("resume", {"position": self.position, "channels": channels})
            if answer is None:
                return False
            name = self._node.program.name
            self._world.record.seen["socket resumed"] += 1
            self._world.record.seen["socket resumed on another node"] += name != self._last_node
        self._last_node = self._node.program.name
        return True

    async def _use(self) -> None:
        """Join what is new, listen, and lose the line."""
        chance = self._chance
        stock = {"variantIds": [str(each) for each in self._shop.variants]}
        if f"stock:{self._shop.variants[0]}" not in self.since and await self._ask("join:stock", stock) is None:
            return
        for _ in range(chance.whole(1, 4)):
            for order_id in self._shop.placed_by(self._id):
                if f"order:{order_id}" not in self.since:
                    await self._ask("join:order", {"orderId": str(order_id)})
            if not await self._hear(chance.between(0.2, 8.0)):
                return
        if chance.one() < 0.5 and self._line is not None:
            await self._hear(0.0)
        self._hang_up()

    async def _ask(self, kind: str, data: dict[str, Any]) -> dict[str, Any] | None:
        """The ack; None: an error, or the line is gone."""
        line = self._line
        if line is None or line.broken:
            return None
        self._ids += 1
        line.said.put_nowait(json.dumps({"type": kind, "id": self._ids, "data": data}))
        try:
            async with asyncio.timeout(GIVE_UP):
                while (frame := await line.told.get()) is not None:
                    self._take(frame)
                    if frame["id"] == self._ids:
                        return self._answered(frame)
        except TimeoutError:
            pass
        self._hang_up()
        return None

    def _answered(self, frame: dict[str, Any]) -> dict[str, Any] | None:
        if frame["type"] != "ack":
            self._world.record.seen[f"socket answered {frame['data'].get('code')}"] += 1
            if not self.position:
                return None
            if frame["data"].get("code") != "edge.not_found":
                self._hang_up()
            return None
        self.since.setdefault(f"customer:{self._id}", frame["position"])
        for channel in frame["data"]["channels"]:
            self.since.setdefault(channel, self._shown(frame, channel))
        return frame

    @staticmethod
    def _shown(frame: dict[str, Any], channel: str) -> int:
        """Up to where a snapshot tells of the channel."""
        snapshot = frame["data"].get("snapshot", {})
        level = snapshot.get("stock", {}).get(channel.removeprefix("stock:"))
        return int(frame["position"] if level is None else level["position"])

    async def _hear(self, seconds: float) -> bool:
        """Whether the line still holds."""
        line = self._line
        if line is None:
            return False
        try:
            async with asyncio.timeout(seconds):
                while (frame := await line.told.get()) is not None:
                    self._take(frame)
        except TimeoutError:
            return not line.broken
        return False

    def _take(self, frame: dict[str, Any]) -> None:
        position = frame["position"]
        if position is None:
            return
        if position < self.position and frame["channel"] is None and frame["type"] != "error":
            self._world.record.violation(f"a socket's position fell from {self.position} to {position}")
        if frame["type"] == "error":
            return
        self.position = max(self.position, position)
        if frame["channel"] is not None:
            self.told.setdefault(frame["channel"], []).append(position)
            self._world.record.seen["socket told"] += 1

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.cut()
            if self._node is not None and self._line in self._node.lines:
                self._node.lines.remove(self._line)
        self._line = None

    def check(self, store: MemoryViewStore) -> None:
        """Every change on every joined channel after it was joined: told once."""
        changes = [
            doc.body
            for doc in store._target(CHANGES.target).docs.values()
            if doc.body is not None and "channel" in doc.body
        ]
        for channel, since in self.since.items():
            due = sorted(
                int(str(each["position"]))
                for each in changes
                if each["channel"] == channel and since < int(str(each["position"])) <= self.position
            )
            told = self.told.get(channel, [])
            if len(told) != len(set(told)):
                self._world.record.violation(f"{channel} was told twice: {told}")
            if missing := [each for each in due if each not in told]:
                self._world.record.violation(f"{channel} after {since}: {missing} were never told (told {told})")
