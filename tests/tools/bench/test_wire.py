"""Do the lean clients of the bench read what a server says, however it comes in pieces?"""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from tools.bench.ear import NotOpened, listen, position_of
from tools.bench.wire import NoAnswer, Wire, asked

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
_ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\nconsistency-token: 41\r\n\r\n" + b'{"id": 1}'


@asynccontextmanager
async def _server(answer: Answer) -> AsyncIterator[int]:
    """Each connection is answered once, and closed; all are closed when the block ends."""
    serving = set[asyncio.Task[None] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        await answer(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait([task for task in serving if task is not None])


def _in_pieces(*pieces: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.005)

    return answer


@pytest.mark.parametrize("cut", [1, 20, 50, len(_ANSWER) - 1])
async def test_an_answer_is_whole_wherever_it_was_cut(cut: int) -> None:
    async with _server(_in_pieces(_ANSWER[:cut], _ANSWER[cut:])) as port:
        wire = Wire(f"http://127.0.0.1:{port}")
        got = await wire.ask(asked("POST", "/carts", {}))
        wire.close()

    assert (got.status, got.json(), got.position) == (201, {"id": 1}, 41)


async def test_a_connection_that_the_server_closed_is_opened_again() -> None:
    async with _server(_in_pieces(_ANSWER)) as port:
        wire = Wire(f"http://127.0.0.1:{port}")
        first = await wire.ask(asked("GET", "/"))
        await asyncio.sleep(0.05)
        second = await wire.ask(asked("GET", "/"))
        wire.close()

    assert first.body == second.body == b'{"id": 1}'


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n\r\n", _ANSWER[:-1]])
async def test_half_an_answer_is_none(said: bytes) -> None:
    async with _server(_in_pieces(said)) as port:
        wire = Wire(f"http://127.0.0.1:{port}")
        with pytest.raises(NoAnswer):
            await wire.ask(asked("GET", "/"))


def _socket(frames: Sequence[bytes], pong: asyncio.Future[bytes]) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line.split(": ")[1] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key"))
        sha1 = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode(), usedforsecurity=False)
        writer.write(
            b"HTTP/1.1 101 Switching\r\nSec-WebSocket-Accept: " + base64.b64encode(sha1.digest()) + b"\r\n\r\n"
        )
        for byte in b"".join(frames):
            writer.write(bytes([byte]))
            await writer.drain()
        pong.set_result(await reader.read(64))

    return answer


async def test_frames_are_told_with_their_positions_and_pings_are_answered() -> None:
    long = b'{"position":7,"data":"' + b"x" * 200 + b'"}'
    short = b'{"position":12}'
    frames = [
        bytes([0x81, 126]) + len(long).to_bytes(2) + long,
        bytes([0x89, 2]) + b"hi",
        bytes([0x81, len(short)]) + short,
    ]
    heard, both = list[bytes](), asyncio.Event()
    pong: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def hear(frame: bytes, _: float) -> None:
        heard.append(frame)
        if len(heard) == 2:
            both.set()

    async with _server(_socket(frames, pong)) as port:
        ear = await listen(f"ws://127.0.0.1:{port}", "token", hear)
        async with asyncio.timeout(5):
            await both.wait()
            answered = await pong
        ear.close()

    assert [position_of(frame) for frame in heard] == [7, 12]
    assert heard[0] == long
    assert answered == bytes([0x8A, 0x82]) + bytes(4) + b"hi"


async def test_a_socket_that_is_refused_is_not_opened() -> None:
    async with _server(_in_pieces(b"HTTP/1.1 401 Unauthorized\r\n\r\n")) as port:
        with pytest.raises(NotOpened, match="401"):
            await listen(f"ws://127.0.0.1:{port}", "token", lambda frame, at: None)
