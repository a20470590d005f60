"""How is a server asked with next to no work on our side? HTTP/1.1 over one kept connection, bytes in, bytes out.

A client that costs as much as the server would measure itself: both share the machine.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_EMPTY = (204, 304)
SECONDS = 30.0  # for one answer


class NoAnswer(ConnectionError):
    """The connection ended, or what came is no answer with a length."""


@dataclass(frozen=True, slots=True)
class Got:
    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        found = re.search(rb"\r\n" + name.encode() + rb": *([^\r]*)", self.head, re.IGNORECASE)
        return None if found is None else found[1].decode()

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def position(self) -> int:
        return int(self.header("consistency-token") or 0)


def asked(
    method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None, host: str = "localhost"
) -> bytes:
    """A request as it goes over the wire."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"host: {host}",
        *(f"{name}: {text}" for name, text in (headers or {}).items()),
    ]
    sent = b"" if body is None else json.dumps(body).encode()
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(sent)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + sent


class Wire:
    """One connection, opened when it is needed; one request at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "localhost", parts.port or 80
        self._reader: _Reader | None = None

    async def ask(self, request: bytes) -> Got:
        """Raises NoAnswer, TimeoutError."""
        if self._reader is None or self._reader.closed:
            loop = asyncio.get_running_loop()
            _, self._reader = await loop.create_connection(_Reader, self._host, self._port)
        try:
            return await self._reader.ask(request)
        except BaseException:  # what comes later on this connection would be taken for another answer
            self._reader.close()
            raise

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


class _Reader(asyncio.Protocol):
    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._answer: asyncio.Future[Got] | None = None
        self.closed = False

    async def ask(self, request: bytes) -> Got:
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Got] = loop.create_future()
        self._answer = answer
        late = loop.call_later(SECONDS, self._late)
        self._transport.write(request)
        try:
            return await answer
        finally:
            late.cancel()

    def close(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end]
        status = int(head[9:12])
        found = _LENGTH.search(head)
        if found is None and status not in _EMPTY:
            self._fail(NoAnswer("an answer without a length"))
            return
        whole = end + 4 + (0 if found is None or status in _EMPTY else int(found[1]))
        if len(self._buffer) >= whole:
            got = Got(status, head, self._buffer[end + 4 : whole])
            self._buffer = self._buffer[whole:]
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(got)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._fail(NoAnswer("the connection ended"))

    def _late(self) -> None:
        self._fail(TimeoutError(f"no answer within {SECONDS:.0f} s"))
        self.close()

    def _fail(self, problem: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(problem)
