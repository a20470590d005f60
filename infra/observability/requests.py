"""Which requests came, and what became of them? One line each, with an id that the caller may choose and always gets.

No query, no body, no address and no user: a path holds ids only.
"""

import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
import structlog

from infra.observability.batches import BatchedHandler
from infra.observability.logs import redact

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADER = b"x-request-id"
_FIT = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_UUID = re.compile(r"[0-9a-f-]{36}")  # ours; another may hold anything that its caller chose
_LONGEST_PATH = 200
_clean = lru_cache(4096)(redact)


class Access(NamedTuple):
    """What became of one request. `began` and `ended` in seconds of the performance counter."""

    request_id: str
    method: str
    path: str
    status: int
    began: float
    ended: float

    @property
    def milliseconds(self) -> float:
        return round((self.ended - self.began) * 1000, 2)


class AccessLog:
    """Says the line of a request: into the batch where lines go out in batches, else as every other line."""

    def __init__(self, seconds: Callable[[], float] = time.perf_counter) -> None:
        self.seconds = seconds
        self._log = structlog.stdlib.get_logger("access")
        self._batch: BatchedHandler | None = None
        self._looked_in: logging.Handler | None = None

    def __call__(self, request_id: str, method: str, path: str, status: int, began: float) -> None:
        """The request ends now."""
        access = Access(request_id, method, path, status, began, self.seconds())
        batch = self._batch_now()
        if batch is None:
            told = {"requestId": request_id, "method": method, "path": path, "status": status}
            self._log.info("request", **told, milliseconds=access.milliseconds)
        else:
            batch.say(_Written(access, time.time(), str(batch.get_name())))

    def _batch_now(self) -> BatchedHandler | None:
        handlers = logging.root.handlers
        first = handlers[0] if handlers else None
        if first is not self._looked_in:
            self._looked_in = first
            self._batch = first if isinstance(first, BatchedHandler) else None
        return self._batch


@dataclass(frozen=True, slots=True)
class _Written:
    """A line that is composed when it goes out, in the form that all lines have."""

    access: Access
    at: float
    service: str

    def __call__(self) -> str:
        access = self.access
        line = {
            "timestamp": datetime.fromtimestamp(self.at, UTC).isoformat(timespec="microseconds")[:-6] + "Z",
            "level": "INFO",
            "service": self.service,
            "message": "request",
            "method": access.method,
            "path": _clean(access.path),
            "status": access.status,
            "milliseconds": access.milliseconds,
            "requestId": access.request_id if _UUID.fullmatch(access.request_id) else redact(access.request_id),
        }
        return orjson.dumps(line).decode()


class RequestLog:
    """ASGI middleware: `scope["state"]["request_id"]`, the header X-Request-Id, and the access log."""

    def __init__(
        self, app: App, new_id: Callable[[], object], seconds: Callable[[], float] = time.perf_counter
    ) -> None:
        self._app = app
        self._new_id = new_id
        self._say = AccessLog(seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = self._say.seconds(), 500

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
                self._say(request_id, scope["method"], _path(scope), status, began)

    def _id(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == HEADER and (given := given_id(value)) is not None:
                return given
        return str(self._new_id())


def given_id(value: bytes) -> str | None:
    """The id that a caller has chosen; None: it is not fit to be one."""
    return value.decode() if _FIT.fullmatch(value) else None


def _path(scope: Scope) -> str:
    """What the route is called where one was found; else a bounded piece of what was asked for."""
    route = scope.get("route")
    template = getattr(route, "path", None)
    return str(template) if template else str(scope["path"])[:_LONGEST_PATH]
