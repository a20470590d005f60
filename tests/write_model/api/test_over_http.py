"""The same API behind the real HTTP server: bounds hold on the wire."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from tests.write_model.api.shop import PREFIX, open_shop


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with open_shop() as shop:
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(shop.app, log_config=None, access_log=False, lifespan="off", http="httptools")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve([listening]))
        yield listening.getsockname()[1]  # who connects before it is up waits in the backlog
        server.should_exit = True
        await serving


async def answered(port: int, head: str, body: bytes) -> str:
    """What the server says, whether it takes all of the body or not."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send() -> None:
        try:
            writer.write(f"POST {PREFIX}/carts HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode() + body)
            await writer.drain()
        except ConnectionError:
            return  # it had heard enough

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        said = (await reader.read(4096)).decode()
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    return said


async def test_a_client_that_sends_ten_megabytes_gets_to_know_why_it_is_refused(port: int) -> None:
    head = "Content-Type: application/json\r\nContent-Length: 10000000"
    said = await answered(port, head, b"x" * 10_000_000)
    assert said.startswith("HTTP/1.1 413")
    assert "edge.body_too_large" in said


async def test_a_body_that_announces_nothing_is_refused_at_its_bound(port: int) -> None:
    head = "Content-Type: application/json\r\nTransfer-Encoding: chunked"
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    said = await answered(port, head, chunk * 40 + b"0\r\n\r\n")
    assert said.startswith("HTTP/1.1 413")


async def test_a_cart_is_made(port: int) -> None:
    said = await answered(port, "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close", b"{}")
    assert said.startswith("HTTP/1.1 201")
    assert "cart-session" in said.lower()
