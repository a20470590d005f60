"""One socket: what its client asks for, and what it is told.

Positions never fall: a frame at a position says that everything up to there, on all joined channels, was told.
"""

import asyncio
from collections.abc import Iterable, Mapping
from uuid import UUID

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from infra.ports import Busy
from infra.security.tokens import TokenExpired, TokenInvalid, Verifier
from read_api.auth import Viewer
from read_api.ws import frames
from read_api.ws.bounds import Bounds
from read_api.ws.frames import Auth, BadFrame, Incoming, OrderRef, Resume, Variants
from read_api.ws.places import Place, Places
from read_api.ws.resume import (
    Came,
    NotForYou,
    Sources,
    TooFarBehind,
    come_back,
    customer_channel,
    join_order,
    join_stock,
    order_channel,
    stock_channel,
)
from read_api.ws.rooms import Hub, Mailbox
from read_api.ws.sources import Behind, Entry, LostFuture
from write_model.handling.catalogue import entry as catalogued

TOO_SLOW = 4409  # close code: come back with `resume`
UNAUTHORISED = 4401
MOST_JOINED = 200  # channels of one connection
OPENING_SECONDS = 1.0  # that a client has to say `resume` before its own notifications begin

Reply = str | int | None


class Connection:
    """`serve` runs until the client leaves; reading and telling go on side by side."""

    def __init__(
        self,
        socket: ServerConnection,
        token: str | None,
        verifier: Verifier,
        hub: Hub,
        sources: Sources,
        bounds: Bounds | None = None,
    ) -> None:
        self._bounds = bounds or Bounds()
        self._socket, self._verifier, self._hub, self._sources = socket, verifier, hub, sources
        self._token = token
        self._subject: UUID | None = None  # whose connection it is, once known
        self._wake, self._lost, self._opened = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._mailbox = Mailbox(self._woken)
        self._places = Places()
        self._has_come = False
        self._in_vain = False  # it could not resume yet: what came now would hide from it what it has missed
        self._seq = 0
        self._turn = asyncio.Lock()  # an answer and what it shows come before later changes

    async def serve(self) -> None:
        """Raises nothing: a broken connection is the end of it."""
        try:
            self._join_own()
            async with asyncio.TaskGroup() as tasks:
                others = [tasks.create_task(self._tell()), tasks.create_task(self._end_when_lost())]
                await self._listen()
                for task in others:
                    task.cancel()
        except* ConnectionClosed:
            pass
        except* TokenInvalid:  # it ran out while the connection was being opened
            await self._socket.close(UNAUTHORISED, "the token has expired")
        finally:
            self._hub.leave(list(self._places), self._mailbox)

    def _woken(self) -> None:
        (self._lost if self._mailbox.lost else self._wake).set()

    def _viewer(self) -> Viewer:
        """Asked at every push: a token that has run out shows nothing more. Raises TokenExpired."""
        return Viewer(None if self._token is None else self._verifier.verify(self._token))

    def _join_own(self) -> None:
        self._subject = self._viewer().customer_id or self._subject
        if self._subject is not None:
            channel = customer_channel(self._subject)
            live = self._hub.join(channel, self._mailbox)
            self._places.setdefault(channel, Place(live, live))

    # ------------------------------------------------------------ what the client says

    async def _listen(self) -> None:
        async for raw in self._socket:
            seconds = self._bounds.frames.take(id(self))
            try:
                incoming = frames.read(raw)
                if seconds:
                    await self._error(incoming.id, "edge.too_many_requests", retryAfter=round(seconds, 3))
                else:
                    await self._answer(incoming)
            except BadFrame as problem:
                await self._error(problem.reply_to, problem.code, message=problem.message)
            self._opened.set()

    async def _answer(self, incoming: Incoming) -> None:
        try:
            await self._act(incoming)
        except NotForYou:
            await self._error(incoming.id, "edge.not_found")
        except TooFarBehind:
            await self._error(incoming.id, "socket.too_far_behind")
        except TokenExpired:
            await self._error(incoming.id, "edge.token_expired")
        except TokenInvalid:
            await self._error(incoming.id, "edge.token_invalid")
        except LostFuture as lost:
            await self._error(incoming.id, "read.lost_future", head=lost.head)
        except Busy as busy:
            await self._error(incoming.id, "edge.busy", retryAfter=busy.retry_after)
        except Behind as late:
            await self._error(incoming.id, "read.behind", position=late.position, lagMs=late.lag_ms)

    async def _act(self, incoming: Incoming) -> None:
        match incoming.data:
            case OrderRef(order_id=order_id) if incoming.type == "leave:order":
                await self._leave(incoming.id, [order_channel(order_id)])
            case Variants(variant_ids=variant_ids) if incoming.type == "leave:stock":
                await self._leave(incoming.id, [stock_channel(variant_id) for variant_id in variant_ids])
            case OrderRef() | Variants() | Resume():
                with self._bounds.joins.one():
                    await self._come(incoming.id, incoming.data)
            case Auth(token=token):
                await self._authenticate(incoming.id, token)
            case _:
                async with self._turn:
                    await self._send("pong", id_=incoming.id)

    async def _come(self, reply_to: Reply, wish: OrderRef | Variants | Resume) -> None:
        viewer = self._viewer()
        channels = self._channels(wish)
        fresh = [channel for channel in channels if channel not in self._places]
        if len(self._places) + len(fresh) > MOST_JOINED:
            raise BadFrame("edge.too_many_channels", f"at most {MOST_JOINED} a connection", reply_to)
        async with self._turn:
            try:
                came = await self._found(wish, channels, viewer)
            except (NotForYou, TooFarBehind, Behind, LostFuture) as problem:
                self._hub.leave(fresh, self._mailbox)
                if isinstance(wish, Resume) and not self._has_come:
                    self._in_vain = True
                    if isinstance(problem, Behind):
                        self._places.shown(channels, wish.position)
                raise
            await self._came(reply_to, channels, came, wish.position if isinstance(wish, Resume) else None)

    def _channels(self, wish: OrderRef | Variants | Resume) -> list[str]:
        match wish:
            case OrderRef(order_id=order_id):
                return [order_channel(order_id)]
            case Variants(variant_ids=variant_ids):
                return list(dict.fromkeys(stock_channel(variant_id) for variant_id in variant_ids))
            case Resume(channels=channels):
                own = [] if self._subject is None else [customer_channel(self._subject)]
                return list(dict.fromkeys([*own, *channels]))

    async def _found(self, wish: OrderRef | Variants | Resume, channels: list[str], viewer: Viewer) -> Came:
        """Raises NotForYou, TooFarBehind, Behind, LostFuture."""
        hub, mailbox, sources = self._hub, self._mailbox, self._sources
        match wish:
            case OrderRef(order_id=order_id, position=at_least):
                return await join_order(order_id, at_least, viewer, hub, mailbox, sources)
            case Variants(variant_ids=variant_ids, position=at_least):
                return await join_stock(variant_ids, at_least, hub, mailbox, sources)
            case Resume(position=position):
                return await come_back(position, channels, viewer, hub, mailbox, sources)

    async def _came(self, reply_to: Reply, channels: list[str], came: Came, since: int | None) -> None:
        """First all that lies before the answer's position, on every channel and in order; then the answer."""
        missed = [entry for entry in came.missed if not self._places.was_told(entry)]
        for channel in channels:
            shown = came.shown[channel]
            before = self._places.get(channel, Place(shown, shown))
            self._places[channel] = Place(before.since if since is None else min(since, before.since), shown)
        waited = [entry for entry in self._mailbox.up_to(came.position) if not self._places.is_shown(entry)]
        await self._tell_all(sorted([*missed, *waited], key=lambda entry: entry.position))
        data: dict[str, object] = {"channels": channels}
        if came.snapshot is not None:
            data["snapshot"] = came.snapshot
        await self._send("ack", id_=reply_to, position=came.position, data=data)
        self._has_come, self._in_vain = True, False
        self._wake.set()

    async def _authenticate(self, reply_to: Reply, token: str) -> None:
        """Another token of the same person, or of the first one to say who it is. Raises TokenInvalid."""
        fresh = self._verifier.verify(token)
        if self._subject is not None and self._subject != fresh.subject:
            raise TokenInvalid("another person: open another connection")
        async with self._turn:
            self._token = token
            self._join_own()
            await self._send("ack", id_=reply_to, data={"channels": list(self._places)})

    async def _leave(self, reply_to: Reply, channels: list[str]) -> None:
        async with self._turn:
            self._hub.leave(channels, self._mailbox)
            for channel in channels:
                self._places.pop(channel, None)
            await self._send("ack", id_=reply_to, data={"channels": channels})

    # ------------------------------------------------------------ what the client is told

    async def _tell(self) -> None:
        """Send what the hub hands out, each entry once."""
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                await self._opened.wait()
        except TimeoutError:
            self._opened.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            async with self._turn:
                while self._mailbox.waiting and not self._in_vain:
                    entry = self._mailbox.waiting.popleft()
                    if not self._places.is_shown(entry):
                        await self._tell_all([entry])

    async def _end_when_lost(self) -> None:
        """A client that does not keep up comes back when it can; nothing waits for it in memory."""
        await self._lost.wait()
        await self._socket.close(TOO_SLOW, "too slow: come back with resume")

    async def _tell_all(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            try:
                allowed = self._viewer().sees(entry.audience)
            except TokenExpired:
                await self._send_error(None, "edge.token_expired")
                await self._socket.close(UNAUTHORISED, "the token has expired")
                return
            if allowed:
                await self._push(entry)
            place = self._places[entry.channel]
            place.told = max(place.told, entry.position)

    async def _push(self, entry: Entry) -> None:
        await self._send(
            entry.type,
            channel=entry.channel,
            position=entry.position,
            occurred_at=entry.occurred_at,
            data=entry.payload,
        )

    async def _error(self, reply_to: Reply, code: str, **details: object) -> None:
        async with self._turn:
            await self._send_error(reply_to, code, **details)

    async def _send_error(self, reply_to: Reply, code: str, **details: object) -> None:
        data = {"code": code, "message": catalogued(code).en, **details}
        await self._send("error", id_=reply_to, data=data)

    async def _send(
        self,
        type_: str,
        *,
        id_: Reply = None,
        channel: str | None = None,
        position: int | None = None,
        occurred_at: str | None = None,
        data: Mapping[str, object] | None = None,
    ) -> None:
        self._seq += 1
        frame = frames.write(
            type_, id_=id_, channel=channel, seq=self._seq, position=position, occurred_at=occurred_at, data=data
        )
        await self._socket.send(frame)
