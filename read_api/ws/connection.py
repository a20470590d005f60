"""One socket: what its client asks for, and what it is told."""

import asyncio
from collections.abc import Mapping

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from infra.security.tokens import TokenExpired, TokenInvalid, Verifier
from read_api.auth import Viewer
from read_api.ws import frames
from read_api.ws.frames import Auth, BadFrame, Incoming, OrderRef, Resume, Variants
from read_api.ws.resume import (
    Came,
    NotForYou,
    Sources,
    come_back,
    customer_channel,
    join_order,
    join_stock,
    order_channel,
    stock_channel,
)
from read_api.ws.rooms import Hub, Mailbox
from read_api.ws.sources import Behind, Entry

TOO_SLOW = 4409  # close code: come back with `resume`
UNAUTHORISED = 4401
MOST_JOINED = 200  # channels of one connection

log = structlog.get_logger()


class Connection:
    """`serve` runs until the client leaves; reading and telling go on side by side."""

    def __init__(
        self, socket: ServerConnection, token: str | None, verifier: Verifier, hub: Hub, sources: Sources
    ) -> None:
        self._socket, self._verifier, self._hub, self._sources = socket, verifier, hub, sources
        self._token = token
        self._wake = asyncio.Event()
        self._mailbox = Mailbox(self._wake.set)
        self._after: dict[str, int] = {}  # channel → everything up to there was told
        self._seq = 0
        self._turn = asyncio.Lock()  # an answer and its missed changes come before later ones

    async def serve(self) -> None:
        """Raises nothing: a broken connection is the end of it."""
        self._join_own()
        try:
            async with asyncio.TaskGroup() as tasks:
                telling = tasks.create_task(self._tell())
                await self._listen()
                telling.cancel()
        except* ConnectionClosed:
            pass
        finally:
            self._hub.leave(list(self._after), self._mailbox)

    def _viewer(self) -> Viewer:
        """Asked at every push: a token that has run out shows nothing more. Raises TokenExpired."""
        return Viewer(None if self._token is None else self._verifier.verify(self._token))

    def _join_own(self) -> None:
        customer_id = self._viewer().customer_id
        if customer_id is not None:
            channel = customer_channel(customer_id)
            self._after[channel] = self._hub.join(channel, self._mailbox)

    async def _listen(self) -> None:
        async for raw in self._socket:
            try:
                incoming = frames.read(raw)
                await self._answer(incoming)
            except BadFrame as problem:
                await self._error(problem.reply_to, problem.code, {"message": problem.message})

    async def _answer(self, incoming: Incoming) -> None:
        try:
            await self._act(incoming)
        except NotForYou:
            await self._error(incoming.id, "edge.not_found", {"message": "no such channel for you"})
        except TokenExpired:
            await self._error(incoming.id, "edge.token_expired", {"message": "send `auth` with a new token"})
        except TokenInvalid:
            await self._error(incoming.id, "edge.token_invalid", {"message": "not a token of ours"})
        except Behind as late:
            details = {"message": "not there yet", "position": late.position, "lagMs": late.lag_ms}
            await self._error(incoming.id, "read.behind", details)

    async def _act(self, incoming: Incoming) -> None:
        match incoming.data:
            case OrderRef(order_id=order_id):
                channel = order_channel(order_id)
                if incoming.type == "leave:order":
                    await self._leave(incoming.id, [channel])
                else:
                    self._check_room(1, incoming.id)
                    async with self._turn:
                        came = await join_order(
                            order_id, self._viewer(), self._hub, self._mailbox, self._sources.snapshots
                        )
                        await self._came(incoming.id, [channel], came)
            case Variants(variant_ids=variant_ids):
                channels = [stock_channel(variant_id) for variant_id in variant_ids]
                if incoming.type == "leave:stock":
                    await self._leave(incoming.id, channels)
                else:
                    self._check_room(len(channels), incoming.id)
                    async with self._turn:
                        came = await join_stock(variant_ids, self._hub, self._mailbox, self._sources.snapshots)
                        await self._came(incoming.id, channels, came)
            case Resume():
                await self._resume(incoming.id, incoming.data)
            case Auth(token=token):
                await self._authenticate(incoming.id, token)
            case _:
                await self._send("pong", id_=incoming.id)

    async def _resume(self, reply_to: str | int | None, wish: Resume) -> None:
        self._check_room(len(wish.channels), reply_to)
        viewer = self._viewer()
        own = [] if viewer.customer_id is None else [customer_channel(viewer.customer_id)]
        channels = list(dict.fromkeys([*own, *wish.channels]))
        async with self._turn:
            came = await come_back(wish.position, channels, viewer, self._hub, self._mailbox, self._sources)
            if came is None:
                self._mailbox.waiting.clear()
                message = "too much has happened since: join again, each room answers with a snapshot"
                await self._send_error(reply_to, "socket.too_far_behind", {"message": message})
                return
            await self._came(reply_to, channels, came)

    async def _authenticate(self, reply_to: str | int | None, token: str) -> None:
        """The same person with another token, or somebody who was nobody. Raises TokenInvalid."""
        before = self._viewer().customer_id if self._token_still_good() else None
        fresh = self._verifier.verify(token)
        if before is not None and before != fresh.subject:
            raise TokenInvalid("another person: open another connection")
        self._token = token
        if customer_channel(fresh.subject) not in self._after:
            self._join_own()
        await self._send("ack", id_=reply_to, position=self._hub.position)

    def _token_still_good(self) -> bool:
        try:
            self._viewer()
        except TokenExpired:
            return False
        return True

    def _check_room(self, more: int, reply_to: str | int | None) -> None:
        if len(self._after) + more > MOST_JOINED:
            raise BadFrame("edge.too_many_channels", f"at most {MOST_JOINED} a connection", reply_to)

    async def _came(self, reply_to: str | int | None, channels: list[str], came: Came) -> None:
        data: dict[str, object] = {"channels": channels}
        if came.snapshot is not None:
            data["snapshot"] = came.snapshot
        await self._send("ack", id_=reply_to, position=came.position, data=data)
        for entry in came.missed:
            await self._push(entry)
        for channel in channels:
            self._after[channel] = max(came.live, came.position)

    async def _leave(self, reply_to: str | int | None, channels: list[str]) -> None:
        self._hub.leave(channels, self._mailbox)
        for channel in channels:
            self._after.pop(channel, None)
        await self._send("ack", id_=reply_to, position=self._hub.position, data={"channels": channels})

    async def _tell(self) -> None:
        """Send what the hub hands out, each entry once."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._mailbox.lost:
                await self._socket.close(TOO_SLOW, "too slow: come back with resume")
                return
            async with self._turn:
                while self._mailbox.waiting:
                    entry = self._mailbox.waiting.popleft()
                    if entry.position > self._after.get(entry.channel, entry.position):
                        await self._tell_one(entry)

    async def _tell_one(self, entry: Entry) -> None:
        try:
            allowed = self._viewer().sees(entry.audience)
        except TokenExpired:
            await self._send_error(None, "edge.token_expired", {"message": "send `auth` in time"})
            await self._socket.close(UNAUTHORISED, "the token has expired")
            return
        if allowed:
            await self._push(entry)
        self._after[entry.channel] = entry.position

    async def _push(self, entry: Entry) -> None:
        await self._send(
            entry.type,
            channel=entry.channel,
            position=entry.position,
            occurred_at=entry.occurred_at,
            data=entry.payload,
        )

    async def _error(self, reply_to: str | int | None, code: str, details: Mapping[str, object]) -> None:
        async with self._turn:
            await self._send_error(reply_to, code, details)

    async def _send_error(self, reply_to: str | int | None, code: str, details: Mapping[str, object]) -> None:
        await self._send("error", id_=reply_to, data={"code": code, **details})

    async def _send(
        self,
        type_: str,
        *,
        id_: str | int | None = None,
        channel: str | None = None,
        position: int | None = None,
        occurred_at: str | None = None,
        data: Mapping[str, object] | None = None,
    ) -> None:
        self._seq += 1
        await self._socket.send(
            frames.write(
                type_,
                id_=id_,
                channel=channel,
                seq=self._seq,
                position=position,
                occurred_at=occurred_at,
                data=data,
            )
        )
