"""The door on port 3003: who may come in, and how many bytes at once?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from infra.ports import Busy
from infra.security.tokens import TokenExpired, TokenInvalid, Verifier
from read_api.auth import bearer
from read_api.ws.bounds import Bounds
from read_api.ws.connection import Connection
from read_api.ws.frames import LONGEST
from read_api.ws.resume import Sources
from read_api.ws.rooms import Hub
from write_model.handling.catalogue import entry

TYPES = "https://telocompro.com/problems/"
PATHS = frozenset({"/", "/api/v1/ws", "/api/v1/ws/"})
HEALTH = frozenset({"/health/live", "/health/ready"})
PING_SECONDS = 20.0


@asynccontextmanager
async def listening(
    host: str, port: int, verifier: Verifier, hub: Hub, sources: Sources, bounds: Bounds | None = None
) -> AsyncIterator[Server]:
    """Serve until left; then every client is told to come back (close code 1001)."""
    within = bounds or Bounds()

    def admit(socket: ServerConnection, request: Request) -> Response | None:
        path = urlsplit(request.path).path
        if path in HEALTH:
            return socket.respond(HTTPStatus.OK, "ok\n")
        if path not in PATHS:
            return _refused(socket, "edge.not_found")
        try:
            token = token_of(request)
            if token is not None:
                verifier.verify(token)
        except TokenExpired:
            return _refused(socket, "edge.token_expired")
        except TokenInvalid:
            return _refused(socket, "edge.token_invalid")
        if within.sockets.is_full or within.joins.is_full:
            return _refused(socket, "edge.busy", within.sockets.retry_after())
        return None

    async def handle(socket: ServerConnection) -> None:
        assert socket.request is not None
        try:
            with within.sockets.one():
                await Connection(socket, token_of(socket.request), verifier, hub, sources, within).serve()
        except Busy:  # many were let in at once
            await socket.close(1013, "too many are connected: come back later")

    async with serve(
        handle,
        host,
        port,
        process_request=admit,
        compression=None,  # memory per socket; frames are small
        max_size=LONGEST,
        max_queue=16,
        write_limit=32_768,
        ping_interval=PING_SECONDS,
        ping_timeout=PING_SECONDS,
        server_header=None,
    ) as server:
        yield server


def _refused(socket: ServerConnection, code: str, retry_after: float | None = None) -> Response:
    """Problem details, before there is a socket to send an error frame on."""
    known = entry(code)
    response = socket.respond(HTTPStatus(known.status), "")
    body = msgspec.json.encode({"type": TYPES + code, "title": known.en, "status": known.status, "code": code})
    del response.headers["Content-Type"], response.headers["Content-Length"]
    response.headers["Content-Type"] = "application/problem+json"
    response.headers["Content-Length"] = str(len(body))
    if retry_after is not None:
        response.headers["Retry-After"] = str(round(retry_after))
    response.body = body
    return response


def token_of(request: Request) -> str | None:
    """From the Authorization header, or the query's `access_token`, which is all that a browser can give.

    Raises TokenInvalid for a header of another scheme.
    """
    token = bearer(request.headers.get("Authorization"))
    if token is not None:
        return token
    found = parse_qs(urlsplit(request.path).query).get("access_token")
    return found[0] if found else None
