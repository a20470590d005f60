"""How do readers hear that the log has grown? By NOTIFY after the commit, from a connection of its own: inside the
append it would serialise commits once more. A hint names a position, may be lost, and is told every few milliseconds
at most.

On libpq itself: at its pace the driver's own way costs as much as the appends between two hints.
"""

import asyncio
from typing import Any

import psycopg
from psycopg import pq

from infra.postgres.patience import PatientConnection
from infra.postgres.pool import in_utc

CHANNEL = "log"

_EVERY = 0.005  # seconds
_AGAIN = 1.0  # seconds after a lost connection
_PATIENCE = 5.0  # seconds for an answer


class Hints:
    """`tell` what was stored; `run` passes it on until cancelled."""

    def __init__(self, url: str) -> None:
        self._url = in_utc(url, synchronous_commit="off")  # a hint need not outlive a crash
        self._news = asyncio.Event()
        self._newest = 0

    def tell(self, position: int) -> None:
        """Everything up to there is stored."""
        if position > self._newest:
            self._newest = position
            self._news.set()

    async def run(self) -> None:
        while True:
            try:
                async with await PatientConnection.connect(self._url, autocommit=True) as connection:
                    await self._run_on(connection)
            except (psycopg.Error, TimeoutError):
                await asyncio.sleep(_AGAIN)

    async def _run_on(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Raises psycopg.Error, TimeoutError."""
        libpq = connection.pgconn
        while True:
            await self._news.wait()
            self._news.clear()
            libpq.send_query(f"notify {CHANNEL}, '{self._newest}'".encode())
            libpq.flush()  # a few dozen bytes, and nothing before them is unanswered
            await asyncio.sleep(_EVERY)
            await _answered(libpq)


async def _answered(libpq: pq.abc.PGconn) -> None:
    """Mostly the answer is there by then. Raises psycopg.Error, TimeoutError."""
    libpq.consume_input()
    async with asyncio.timeout(_PATIENCE):
        while libpq.is_busy():
            await readable(libpq.socket)
            libpq.consume_input()
    while (result := libpq.get_result()) is not None:
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError("a hint was refused")


async def readable(socket: int) -> None:
    """Until something can be read there."""
    loop = asyncio.get_running_loop()
    found = loop.create_future()
    loop.add_reader(socket, _once, found)
    try:
        await found
    finally:
        loop.remove_reader(socket)


def _once(found: "asyncio.Future[None]") -> None:
    if not found.done():
        found.set_result(None)
