"""What does the server itself cost? `python -m tools.bench.bare`: one ASGI endpoint that gives the same bytes to all.

On the platform's own server with its own settings; it reads the answer from standard input, and says its port.
"""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from infra.embedded.ports import HOST, free_port
from tools.bench.wire import Got
from tools.programs import ROOT

_UNSENT = ("date", "server", "content-length")  # the server adds them itself


@dataclass(frozen=True, slots=True)
class Bare:
    """Where it listens, and which process it is."""

    url: str
    pid: int


@asynccontextmanager
async def bare(got: Got) -> AsyncIterator[Bare]:
    """An endpoint that answers as this one did, for whatever is asked."""
    lines = [line.split(b": ", 1) for line in got.head.split(b"\r\n")[1:]]
    head = [(name.decode(), text.decode()) for name, text in lines if name.decode().lower() not in _UNSENT]
    given = {"status": got.status, "headers": head, "body": base64.b64encode(got.body).decode()}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tools.bench.bare"), cwd=ROOT, stdin=pipe, stdout=pipe
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(given).encode() + b"\n")
        port = int(await process.stdout.readline())
        yield Bare(f"http://{HOST}:{port}", process.pid)
    finally:
        process.terminate()
        await process.wait()


def application(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> Any:
    """ASGI: reads what comes, as every endpoint must, and answers."""
    head = [*headers, (b"content-length", str(len(body)).encode())]

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": body})

    return answer


def main() -> None:
    import uvloop

    uvloop.run(_serve())


async def _serve() -> None:
    from read_api.main_http import Server, config

    given, port = json.loads(sys.stdin.readline()), free_port()
    headers = [(name.encode(), text.encode()) for name, text in given["headers"]]
    server = Server(config(application(given["status"], headers, base64.b64decode(given["body"])), port))
    serving = asyncio.create_task(server.serve())
    await server.up.wait()
    print(port, flush=True)
    await serving


if __name__ == "__main__":
    main()
