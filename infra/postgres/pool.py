"""How do adapters get connections to PostgreSQL? From a bounded pool of autocommit connections in UTC."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from infra.postgres.patience import PATIENCE, PatientConnection, PatientPool

Pool = AsyncConnectionPool[AsyncConnection[tuple[object, ...]]]

CONNECT_SECONDS = 2
_WAIT = 2.0  # seconds for a free connection
_PREPARE_AFTER = 2  # executions of a statement
_BEFORE = 0.9  # of the patience: then the server itself ends the statement, and the connection stays
_GIVE_UP = 0.5  # seconds of trying to replace a lost connection; afterwards the next caller makes the pool grow again
_ALIVE = {"keepalives_idle": 5, "keepalives_interval": 1, "keepalives_count": 3, "tcp_user_timeout": 3000}


def open_pool(url: str, size: int, patience: float = PATIENCE) -> AsyncConnectionPool:
    """At most `size` connections, the first of them made on entering: `async with open_pool(url, 4) as pool`.

    A statement that takes longer than `patience` seconds is ended by the server, or else its connection is.
    """
    kwargs = {"autocommit": True, "prepare_threshold": _PREPARE_AFTER}
    pool: AsyncConnectionPool[Any] = PatientPool(
        in_utc(url, statement_timeout=int(patience * _BEFORE * 1000)),
        size,
        patience,
        min_size=1,
        timeout=_WAIT,
        reconnect_timeout=_GIVE_UP,
        kwargs=kwargs,
    )
    return pool


@asynccontextmanager
async def hurried(
    pool: AsyncConnectionPool[AsyncConnection[Any]], seconds: float
) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection of the pool for somebody who has no more than so many seconds for it, and for each statement."""
    async with pool.connection(seconds) as connection:
        if not isinstance(connection, PatientConnection):
            yield connection
            return
        usual, connection.patience = connection.patience, seconds
        try:
            yield connection
        finally:
            connection.patience = usual


def in_utc(url: str, **settings: object) -> str:
    """The same connection, with times in UTC (and settings of the session), and dead peers noticed within seconds."""
    given = conninfo_to_dict(url)
    wanted = " ".join(f"-c {name}={value}" for name, value in {"TimeZone": "UTC", **settings}.items())
    options = f"{given.get('options') or ''} {wanted}".strip()
    return make_conninfo(
        url,
        options=options,
        application_name=str(given.get("application_name") or "telocompro"),
        connect_timeout=str(given.get("connect_timeout") or CONNECT_SECONDS),
        **{name: str(given.get(name) or usual) for name, usual in _ALIVE.items()},
    )


def planned_once(url: str) -> str:
    """The same connection for few statements that are asked all day, each with one good plan for any values.

    Planning a read of the log anew, over its partitions, takes the server longer than the read itself.
    """
    return in_utc(url, plan_cache_mode="force_generic_plan")
