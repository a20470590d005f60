"""What does the log tell of one order, and what does another process hear of it? Followed while it happens."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from infra.ports import LogReader
from write_model.handling.coding import Decode
from write_model.kernel.message import Envelope, Event

ROOT = Path(__file__).parents[1]
AT_ONCE = 500  # events
AGAIN = 0.02  # seconds between two tries to join

Found = Envelope[Any]


class Story:
    """The events that name an order, in order, as they are appended."""

    def __init__(self, reader: LogReader, decode: Decode, order_id: UUID, after: int) -> None:
        self._reader, self._decode, self._order_id, self._after = reader, decode, order_id, after
        self.events: list[Found] = []
        self._more = asyncio.Condition()

    async def follow(self) -> None:
        """Until cancelled."""
        while True:
            await self._reader.wait(self._after, 1.0)
            stored = await self._reader.read(self._after, AT_ONCE)
            if stored:
                mine = [each for each in await self._decode(stored) if self._concerns(each.event)]
                self._after = stored[-1].position
                async with self._more:
                    self.events += mine
                    self._more.notify_all()

    async def first(self, wanted: Callable[[Found], bool]) -> Found:
        """The first such event, as soon as it is there."""
        async with self._more:
            while True:
                for envelope in self.events:
                    if wanted(envelope):
                        return envelope
                await self._more.wait()

    def up_to(self, position: int) -> list[Found]:
        """All of them that are known, up to there."""
        return [envelope for envelope in self.events if envelope.position <= position]

    def _concerns(self, event: Event) -> bool:
        return self._order_id in (getattr(event, "order_id", None), getattr(event, "reservation_id", None))


@dataclass(slots=True)
class Listener:
    """A socket client in a process of its own; its frames with the moment that it got each."""

    process: asyncio.subprocess.Process
    frames: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def first(self, wanted: Callable[[dict[str, Any]], bool], after: int = 0) -> tuple[float, dict[str, Any]]:
        """The first such frame from the `after`-th on."""
        async with self.more:
            while True:
                for at, frame in self.frames[after:]:
                    if wanted(frame):
                        return at, frame
                await self.more.wait()

    async def send(self, frame: dict[str, object]) -> None:
        await self._write(json.dumps(frame))

    async def follow_order(self, order_id: str, position: int) -> None:
        """Everything of the order since `position`, then live; asked again until the read model knows the order."""
        number = 0
        while True:
            number += 1
            asked, channels = len(self.frames), [f"order:{order_id}"]
            data = {"position": position, "channels": channels}
            await self.send({"v": 1, "type": "resume", "id": number, "data": data})
            _, frame = await self.first(lambda frame, number=number: frame.get("id") == number, asked)  # type: ignore[misc]
            if frame["type"] == "ack":
                return
            await asyncio.sleep(AGAIN)

    async def _write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        await self.process.stdin.drain()

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            told = json.loads(line)
            async with self.more:
                self.frames.append((told["at"], told["frame"]))
                self.more.notify_all()


@asynccontextmanager
async def listening(url: str, token: str, seconds: float) -> AsyncIterator[Listener]:
    """Connected from the start. Raises TimeoutError when it does not come to that."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tools.demo_listener", url), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    listener = Listener(process)
    reading = asyncio.create_task(listener._read())
    try:
        await listener._write(token)
        async with asyncio.timeout(seconds):
            await listener.first(lambda frame: frame["type"] == "connected")
        yield listener
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(3.0):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        await reading


def milliseconds(since: float, moment: float | None = None) -> float:
    """Between two moments of the wall clock; of now, where none is given."""
    return round(((time.time() if moment is None else moment) - since) * 1000, 1)
