"""Which requests came, and what became of them? One line each, with an id that the caller may choose and always gets.

No query, no body, no address and no user: a path holds ids only.
"""

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADER = b"x-request-id"
_FIT = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


class RequestLog:
    """ASGI middleware: `scope["state"]["request_id"]`, the header X-Request-Id, and the access log."""

    def __init__(
        self, app: App, new_id: Callable[[], object], seconds: Callable[[], float] = time.perf_counter
    ) -> None:
        self._app = app
        self._new_id = new_id
        self._seconds = seconds
        self._log = structlog.stdlib.get_logger("access")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = self._seconds(), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (HEADER, request_id.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(requestId=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                milliseconds = round((self._seconds() - began) * 1000, 2)
                self._log.info(
                    "request", method=scope["method"], path=_path(scope), status=status, milliseconds=milliseconds
                )

    def _id(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == HEADER and _FIT.fullmatch(value):
                return str(value.decode())
        return str(self._new_id())


def _path(scope: Scope) -> str:
    """What the route is called where one was found; else a bounded piece of what was asked for."""
    route = scope.get("route")
    template = getattr(route, "path", None)
    return str(template) if template else str(scope["path"])[:200]
