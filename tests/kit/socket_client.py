"""A client of the event socket: what it asks is answered, what it hears is kept in order."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]


class SocketClient:
    """Frames that answer nothing asked are in `heard`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Frame] = []
        self._answers: dict[int, asyncio.Future[Frame]] = {}
        self._more = asyncio.Condition()
        self._asked = 0

    async def ask(self, type_: str, data: object = None, seconds: float = 10.0) -> Frame:
        """The ack, pong or error that it is answered with."""
        self._asked += 1
        number = self._asked
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        await self.socket.send(json.dumps({"v": 1, "type": type_, "id": number, "data": data or {}}))
        async with asyncio.timeout(seconds):
            return await answer

    async def hear(self, wanted: Callable[[Frame], bool], seconds: float = 15.0) -> Frame:
        """The first such frame of all that were heard."""
        async with asyncio.timeout(seconds), self._more:
            while True:
                for frame in self.heard:
                    if wanted(frame):
                        return frame
                await self._more.wait()

    async def read(self) -> None:
        """Until the connection ends."""
        with suppress(ConnectionClosed):
            async for raw in self.socket:
                frame = json.loads(raw)
                answer = self._answers.pop(frame["id"], None) if isinstance(frame.get("id"), int) else None
                if answer is not None:
                    if not answer.done():
                        answer.set_result(frame)
                    continue
                async with self._more:
                    self.heard.append(frame)
                    self._more.notify_all()


@asynccontextmanager
async def socket_client(url: str, token: str | None = None) -> AsyncIterator[SocketClient]:
    """Connected; with the token in the header, where there is one."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        client = SocketClient(socket)
        reading = asyncio.create_task(client.read())
        try:
            yield client
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
