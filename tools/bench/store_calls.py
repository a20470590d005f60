"""How many calls on the stores does one page make? Told by the drivers while the platform's own door answers."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from io import StringIO
from typing import Any

import httpx2
from psycopg import AsyncCursor
from pymongo import monitoring
from redis.asyncio.connection import AbstractConnection

from infra.settings import Settings

Calls = Counter[str]
_COUNTED: ContextVar[Calls | None] = ContextVar("counted", default=None)  # None: nobody counts in this task


class _Commands(monitoring.CommandListener):
    """MongoDB's driver tells every command."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        _count("mongo")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """The start was counted."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """The start was counted."""


async def calls_of(settings: Settings, requests: Mapping[str, Sequence[Mapping[str, Any]]]) -> Mapping[str, Calls]:
    """By name: the calls that the last of these GraphQL requests makes. Raises AssertionError on a failure."""
    from read_api.main_http import applications

    monitoring.register(_Commands())  # type: ignore[no-untyped-call, unused-ignore]
    with (
        redirect_stdout(StringIO()),
        _told(AsyncCursor, "execute", "sql"),
        _told(AbstractConnection, "send_packed_command", "redis"),
    ):
        async with applications(settings) as apps:  # its log lines are not the bench's
            transport = httpx2.ASGITransport(app=apps["graphql"])  # type: ignore[arg-type, unused-ignore]
            async with httpx2.AsyncClient(transport=transport, base_url="http://bench") as client:
                found: dict[str, Calls] = {}
                for name, bodies in requests.items():
                    for body in bodies:
                        found[name] = Counter()
                        token = _COUNTED.set(found[name])
                        answer = await client.post("/graphql", json=body)
                        _COUNTED.reset(token)
                        assert answer.status_code == 200, answer.text
                return found


def _count(store: str) -> None:
    calls = _COUNTED.get()
    if calls is not None:
        calls[store] += 1


@contextmanager
def _told(owner: type[Any], name: str, store: str) -> Iterator[None]:
    """Each call of this method is counted while the block runs."""
    own: Callable[..., Any] = getattr(owner, name)

    async def told(*args: Any, **named: Any) -> Any:
        _count(store)
        return await own(*args, **named)

    setattr(owner, name, told)
    try:
        yield
    finally:
        setattr(owner, name, own)
