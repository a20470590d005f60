"""Does a line do to its connections what it is told, and nothing else?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.faults.lines import DROPPED, FROZEN, HOST, Line, open_line
from tests.faults.replies import Appends, HttpCommands

ORDER = b"POST /orders HTTP/1.1\r\n\r\n"
READ = b"GET /orders HTTP/1.1\r\n\r\n"
CREATED, REFUSED = b"HTTP/1.1 201 Created\r\n\r\n", b"HTTP/1.1 409 Conflict\r\n\r\n"
PREPARE = b"P\0\0\0\x2aappend\0select * from log.append($1)\0"
EXECUTE = b"B\0\0\0\x20\0append\0"
SOON = 5.0  # seconds


@asynccontextmanager
async def door(answer: bytes = CREATED) -> AsyncIterator[Line]:
    """A line before a server that gives everybody the same answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while await reader.read(4096):
                writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    async with open_line("door", (HOST, port), HttpCommands) as line:
        yield line
    server.close()


async def asked(line: Line, request: bytes, seconds: float = SOON) -> bytes:
    """The answer; empty: the connection ended without one. Raises TimeoutError."""
    reader, writer = await asyncio.open_connection(HOST, line.port)
    try:
        async with asyncio.timeout(seconds):
            writer.write(request)
            with suppress(ConnectionError):
                return await reader.read(4096)
            return b""
    finally:
        writer.close()


async def test_a_calm_line_changes_nothing() -> None:
    async with door() as line:
        assert await asked(line, ORDER) == CREATED
        assert await asked(line, READ) == CREATED


async def test_a_frozen_line_is_silent_and_goes_on_after_the_thaw() -> None:
    async with door() as line:
        line.freeze()
        with pytest.raises(TimeoutError):
            await asked(line, READ, 0.1)
        waiting = asyncio.create_task(asked(line, READ))
        line.thaw()
        assert await waiting == CREATED


async def test_a_line_that_refuses_ends_its_connections_until_it_is_calm() -> None:
    async with door() as line:
        line.refusing = True
        assert await asked(line, READ) == b""
        line.calm()
        assert await asked(line, READ) == CREATED


@pytest.mark.parametrize("by", [DROPPED, FROZEN])
async def test_the_answer_to_an_accepted_command_is_eaten_as_often_as_wanted_and_reads_are_not(by: str) -> None:
    async with door() as line:
        line.eat(1, by)
        assert await asked(line, READ) == CREATED
        if by == DROPPED:
            assert await asked(line, ORDER) == b""
        else:
            with pytest.raises(TimeoutError):
                await asked(line, ORDER, 0.1)
        assert (await line.full(SOON), line.eaten) == (0, 1)
        line.calm()
        assert await asked(line, ORDER) == CREATED


async def test_a_refusal_tells_of_nothing_done_and_is_not_eaten() -> None:
    async with door(REFUSED) as line:
        line.eat(1)
        assert await asked(line, ORDER) == REFUSED
        assert (line.eaten, await line.full(0.01)) == (0, 1)


@pytest.mark.parametrize(
    ("rows", "end", "committed"),
    [(1, b"C", True), (2, b"C", False), (0, b"E", False), (1, b"E", False)],
    ids=["accepted", "one of it not accepted", "refused", "failed at last"],
)
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_an_append_is_known_to_be_committed_in_whatever_pieces_its_answer_comes(
    rows: int, end: bytes, committed: bool, piece: int
) -> None:
    appends = Appends()
    appends.sent(PREPARE)
    heard(appends, frame(b"1") + frame(b"Z", b"I"), piece)
    appends.sent(EXECUTE)
    assert appends.awaits

    answer = frame(b"2") + frame(b"T", b"x" * 40) + frame(b"D", b"Z" * 30) * rows + frame(end, b"x") + frame(b"Z", b"I")

    assert heard(appends, answer, piece) is committed
    assert not appends.awaits


def test_what_is_asked_of_the_log_beside_appends_is_never_taken_for_one() -> None:
    appends = Appends()
    appends.sent(b"P\0\0\0\x10\0select 1\0")
    assert not appends.awaits
    assert not heard(appends, frame(b"D", b"x") + frame(b"C", b"x") + frame(b"Z", b"I"), 1000)


def frame(kind: bytes, content: bytes = b"") -> bytes:
    return kind + (4 + len(content)).to_bytes(4) + content


def heard(appends: Appends, data: bytes, piece: int) -> bool:
    return sum(appends.heard(data[place : place + piece]) for place in range(0, len(data), piece)) > 0
