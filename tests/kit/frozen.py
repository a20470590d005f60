"""What does a peer look like that stands still? Its connections stay open, new ones are taken, and nobody answers."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

import psycopg


class Frozen:
    """A way to a server that can stop passing on anything. `url` leads through it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.url = ""

    async def __aenter__(self) -> "Frozen":
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._passed, "127.0.0.1", 0)
        self.url = self._through(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _through(self, port: int) -> str:
        if not self._url.startswith("postgresql"):
            return urlunsplit(urlsplit(self._url)._replace(netloc=f"127.0.0.1:{port}"))
        given = psycopg.conninfo.conninfo_to_dict(self._url)
        place = f"{given['user']}@127.0.0.1:{port}/{given['dbname']}"
        return f"postgresql://{place}?sslmode=disable&gssencmode=disable"

    async def _server_of(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._url.startswith("postgresql"):
            given = psycopg.conninfo.conninfo_to_dict(self._url)
            return await asyncio.open_unix_connection(f"{given['host']}/.s.PGSQL.{given.get('port', 5432)}")
        parts = urlsplit(self._url)
        return await asyncio.open_connection(parts.hostname, parts.port)

    async def _passed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        up_reader, up_writer = await self._server_of()
        try:
            with suppress(asyncio.CancelledError):  # by us alone: whoever accepted the connection would complain
                await self._both(reader, writer, up_reader, up_writer)
        finally:
            writer.close()
            up_writer.close()

    async def _both(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pump(reader, up_writer))
                tasks.create_task(self._pump(up_reader, writer))
        except* (OSError, asyncio.IncompleteReadError):
            pass

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            await self.flowing.wait()
            target.write(data)
            await target.drain()
        target.close()
