"""What can go wrong on the way between two programs? A line forwards bytes, and breaks, freezes, slows or eats them.

Runs in the loop of whoever opened it. A line that is calm changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

HOST = "127.0.0.1"
CHUNK = 65_536  # bytes
DROPPED, FROZEN = "dropped", "frozen"  # what becomes of a connection whose reply was eaten

Upstream = str | tuple[str, int]  # the path of a Unix socket, or host and port


class Watcher(Protocol):
    """Reads along on one connection, and says which reply tells of something that was done."""

    def sent(self, data: bytes) -> None:
        """From the client on its way to the server."""

    @property
    def awaits(self) -> bool:
        """Is a reply outstanding that tells of something done?"""

    def heard(self, data: bytes) -> bool:
        """From the server. True: such a reply is complete, and it says that it was done."""


class Unwatched:
    """Of a line whose replies all mean the same to us."""

    awaits = False

    def sent(self, data: bytes) -> None:
        """Nothing to note."""

    def heard(self, data: bytes) -> bool:
        return False


@dataclass(slots=True, eq=False)
class Connection:
    """One client's way through."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    watcher: Watcher
    flows: asyncio.Event
    held: bytes = b""  # of a reply that may be eaten

    def cut(self) -> None:
        """Both ends hear of it at once."""
        for writer in (self.client, self.server):
            writer.transport.abort()


@dataclass(slots=True, eq=False)
class Line:
    """Listens on `port` and forwards to `upstream`."""

    name: str
    upstream: Upstream
    watch: Callable[[], Watcher] = Unwatched
    port: int = 0
    delay: float = 0.0  # seconds that each piece is late
    refusing: bool = False
    to_eat: int = 0  # replies of things done that are still to be eaten
    eaten: int = 0
    eat_by: str = DROPPED
    connections: set[Connection] = field(default_factory=set)
    _flows: asyncio.Event = field(default_factory=asyncio.Event)
    _full: asyncio.Event = field(default_factory=asyncio.Event)

    def freeze(self) -> int:
        """Whatever is connected stays so and hears nothing more. How many connections."""
        self._flows.clear()
        for connection in self.connections:
            connection.flows.clear()
        return len(self.connections)

    def thaw(self) -> None:
        self._flows.set()
        for connection in self.connections:
            connection.flows.set()

    def cut(self) -> int:
        """End all connections. How many."""
        cut = list(self.connections)
        for connection in cut:
            connection.cut()
        return len(cut)

    def eat(self, replies: int, by: str = DROPPED) -> None:
        """Of the next things done the client hears nothing: its connection ends, or stays and is silent."""
        self.to_eat, self.eat_by = replies, by
        self._full.clear()

    async def full(self, seconds: float) -> int:
        """Until what was asked for is eaten, at most so long; nothing is eaten any more. How many were not."""
        try:
            async with asyncio.timeout(seconds):
                await self._full.wait()
        except TimeoutError:
            pass
        left, self.to_eat = self.to_eat, 0
        return left

    def calm(self) -> None:
        """Nothing goes wrong any more; what was silenced is cut."""
        self.delay, self.refusing, self.to_eat = 0.0, False, 0
        for connection in list(self.connections):
            if connection.held:
                connection.cut()
        self.thaw()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client from its first byte to its last."""
        await self._flows.wait()
        try:
            if self.refusing:
                raise ConnectionError("refused")
            upstream_reader, upstream = await _open(self.upstream)
        except OSError:
            writer.transport.abort()
            return
        flows = asyncio.Event()
        if self._flows.is_set():
            flows.set()
        connection = Connection(writer, upstream, self.watch(), flows)
        self.connections.add(connection)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._forward(reader, connection, to_server=True))
                both.create_task(self._forward(upstream_reader, connection, to_server=False))
        except* OSError:
            pass
        finally:
            self.connections.discard(connection)
            connection.cut()

    async def _forward(self, source: asyncio.StreamReader, connection: Connection, *, to_server: bool) -> None:
        target = connection.server if to_server else connection.client
        while data := await source.read(CHUNK):
            if self.delay:
                await asyncio.sleep(self.delay)
            await connection.flows.wait()
            if to_server:
                connection.watcher.sent(data)
            else:
                data = self._let_through(connection, data)
            if target.transport.is_closing():
                break
            if data:
                target.write(data)
                await target.drain()
        raise ConnectionError("ended")  # the other direction ends with this one

    def _let_through(self, connection: Connection, data: bytes) -> bytes:
        """What of the server's bytes reaches the client. A reply is held until it is clear whether it is eaten."""
        watcher = connection.watcher
        holds = bool(connection.held) or (watcher.awaits and self.to_eat > 0)
        done = watcher.heard(data)
        if not holds:
            return data
        connection.held += data
        if done and self.to_eat > 0:
            self.to_eat -= 1
            self.eaten += 1
            if not self.to_eat:
                self._full.set()
            if self.eat_by == DROPPED:
                connection.cut()
            else:
                connection.flows.clear()
            return b""
        if watcher.awaits and self.to_eat > 0:
            return b""
        held, connection.held = connection.held, b""
        return held


async def _open(upstream: Upstream) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(upstream, str):
        return await asyncio.open_unix_connection(upstream)
    return await asyncio.open_connection(*upstream)


@asynccontextmanager
async def open_line(name: str, upstream: Upstream, watch: Callable[[], Watcher] = Unwatched) -> AsyncIterator[Line]:
    """Listening on a free port until the block ends."""
    line = Line(name, upstream, watch)
    line.thaw()
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(line.connected(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, HOST, 0, limit=CHUNK)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        line.cut()
        for task in list(tasks):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
