"""Who is turned away at the door? Clients that ask too often (429), and everybody while there is too much to do (503).

ASGI middleware, outermost: what it refuses has cost next to nothing. Health endpoints are always let through.
"""

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from math import ceil
from typing import Any

from infra.resilience.buckets import Buckets
from infra.resilience.load import Load
from infra.security.headers import STRICT

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TOO_MANY, BUSY = "edge.too_many_requests", "edge.busy"
HEALTH = frozenset({"/health/live", "/health/ready"})
EXPOSED = b"Retry-After"
_LOCAL = ("127.0.0.1", "::1")  # our own proxy, whose word on who asks is taken

# code, seconds, path, Accept-Language → status, media type, body
Told = Callable[[str, float, str, str], tuple[int, str, bytes]]


class Shedding:
    """`people`: by access token, `addresses`: by where from; a token costs nothing to invent, so both count."""

    def __init__(
        self,
        app: App,
        load: Load,
        people: Buckets,
        addresses: Buckets,
        told: Told,
        *,
        origins: Collection[str] = (),
        always: Collection[str] = HEALTH,
    ) -> None:
        self._app = app
        self._load = load
        self._people = people
        self._addresses = addresses
        self._told = told
        self._always = frozenset(always)
        self._origins = frozenset(origin.encode() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in self._always:
            await self._app(scope, receive, send)
            return
        seconds = self._too_often(scope)
        load = self._load
        if seconds or load.is_full:
            code, seconds = (TOO_MANY, seconds) if seconds else (BUSY, load.retry_after())
            await self._refuse(scope, send, code, seconds)
            return
        if scope["type"] == "websocket":  # it stays for long and asks little; what it asks for is bounded there
            await self._app(scope, receive, send)
            return
        load.inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            load.inside -= 1

    def _too_often(self, scope: Scope) -> float:
        """Seconds until this client may ask again; 0: now."""
        client = scope.get("client")
        address = client[0] if client else ""
        token = forwarded = None
        for name, value in scope["headers"]:
            if name == b"authorization":
                token = value
            elif name == b"x-forwarded-for":
                forwarded = value
        if forwarded is not None and address in _LOCAL:
            address = forwarded.rpartition(b",")[2].strip()
        return self._addresses.take(address) or (0.0 if token is None else self._people.take(hash(token)))

    async def _refuse(self, scope: Scope, send: Send, code: str, seconds: float) -> None:
        spoken = origin = b""
        for name, value in scope["headers"]:
            if name == b"accept-language":
                spoken = value
            elif name == b"origin":
                origin = value
        status, media_type, body = self._told(code, seconds, scope["path"], spoken.decode("latin-1"))
        headers = [
            *STRICT,
            (b"content-type", media_type.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"retry-after", b"%d" % max(1, ceil(seconds))),
        ]
        if origin in self._origins:
            headers += [
                (b"access-control-allow-origin", origin),
                (b"access-control-expose-headers", EXPOSED),
                (b"vary", b"Origin"),
            ]
        kind = "http.response"
        if scope["type"] == "websocket":
            if "websocket.http.response" not in scope.get("extensions", {}):
                await send({"type": "websocket.close", "code": 1013})
                return
            kind = "websocket.http.response"
        await send({"type": f"{kind}.start", "status": status, "headers": headers})
        await send({"type": f"{kind}.body", "body": body})
