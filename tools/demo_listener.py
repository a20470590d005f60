"""What does a client in another process hear? Every frame of its socket, as one JSON line with when it came.

`python -m tools.demo_listener URL`: the token comes as the first line on standard input, then frames to be sent.
It ends when standard input does.
"""

import asyncio
import json
import sys
import time

from websockets.asyncio.client import connect


async def listen(url: str) -> None:
    """Until standard input ends."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    token = (await lines.readline()).decode().strip()
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}, proxy=None) as socket:
        tell({"type": "connected"})

        async def hear() -> None:
            async for raw in socket:
                tell(json.loads(raw))

        async with asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(hear())
            while line := await lines.readline():
                await socket.send(line.decode().strip())
            hearing.cancel()


def tell(frame: dict[str, object]) -> None:
    print(json.dumps({"at": time.time(), "frame": frame}), flush=True)


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1]))
