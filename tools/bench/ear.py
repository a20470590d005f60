"""How is a socket listened to with next to no work on our side? Frames as bytes, with the moment at which each came.

RFC 6455 as far as a client of ours needs it: text frames of any length, pings, no fragments and no compression.
"""

import asyncio
import base64
import json
import os
import re
import time
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

SECONDS = 15.0  # for the handshake and for an answer
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_POSITION = re.compile(rb'"position":(\d+)')
Heard = Callable[[bytes, float], None]  # the frame, and when it came (perf_counter)


class NotOpened(ConnectionError):
    """The server did not take the socket."""


class Ear(asyncio.Protocol):
    """One connection. `heard` is called for every text frame."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_open = False

    async def say(self, type_: str, data: object) -> None:
        """One frame of the platform's protocol."""
        self._send(_TEXT, json.dumps({"v": 1, "type": type_, "id": 1, "data": data}).encode())

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass of it

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(NotOpened("the connection ended"))

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._buffer += data
        if not self._is_open:
            self._shake()
        while self._is_open and (frame := self._frame()) is not None:
            opcode, payload = frame
            if opcode == _TEXT:
                self._heard(payload, now)
            elif opcode == _PING:
                self._send(_PONG, payload)
            elif opcode == _CLOSE:
                self.close()

    def _shake(self) -> None:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        self._buffer = rest
        self._is_open = head.startswith(b"HTTP/1.1 101 ")
        if self._opened.done():
            return
        if self._is_open:
            self._opened.set_result(None)
        else:
            self._opened.set_exception(NotOpened(head.decode(errors="replace")))

    def _frame(self) -> tuple[int, bytes] | None:
        """The next whole one. A server does not mask."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1], 2
        if length >= 126:
            start = 4 if length == 126 else 10
            length = int.from_bytes(buffer[2:start])
        if len(buffer) < start + length:
            return None
        self._buffer = buffer[start + length :]
        return buffer[0] & 15, buffer[start : start + length]

    def _send(self, opcode: int, payload: bytes) -> None:
        assert self._transport is not None
        size = len(payload)
        length = bytes([128 | size]) if size < 126 else bytes([128 | 126]) + size.to_bytes(2)
        self._transport.write(bytes([128 | opcode]) + length + bytes(4) + payload)  # masked with zeros


async def listen(url: str, token: str, heard: Heard) -> Ear:
    """Connected. Raises NotOpened, TimeoutError."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, ear = await loop.create_connection(lambda: Ear(heard), parts.hostname or "localhost", parts.port or 80)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {parts.path or '/'} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {token}",
    ]
    assert ear._transport is not None
    ear._transport.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    try:
        async with asyncio.timeout(SECONDS):
            await ear._opened
    except BaseException:
        ear.close()
        raise
    return ear


def position_of(frame: bytes) -> int:
    """Of the log; 0 where the frame names none."""
    found = _POSITION.search(frame)
    return 0 if found is None else int(found[1])
