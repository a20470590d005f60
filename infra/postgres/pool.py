"""How do adapters get connections to PostgreSQL? From a bounded pool of autocommit connections in UTC."""

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[tuple[object, ...]]]

_WAIT = 5.0  # seconds for a free connection
_PREPARE_AFTER = 2  # executions of a statement


def open_pool(url: str, size: int) -> AsyncConnectionPool:
    """At most `size` connections, the first of them made on entering: `async with open_pool(url, 4) as pool`."""
    return AsyncConnectionPool(
        in_utc(url),
        min_size=1,
        max_size=size,
        open=False,
        timeout=_WAIT,
        kwargs={"autocommit": True, "prepare_threshold": _PREPARE_AFTER},
    )


def in_utc(url: str) -> str:
    """The same connection, with times in UTC, and dead peers noticed within seconds."""
    given = conninfo_to_dict(url)
    options = f"{given.get('options') or ''} -c TimeZone=UTC".strip()
    return make_conninfo(
        url,
        options=options,
        application_name=str(given.get("application_name") or "telocompro"),
        connect_timeout=str(given.get("connect_timeout") or 5),
        tcp_user_timeout=str(given.get("tcp_user_timeout") or 3000),
    )
