"""Is PostgreSQL there? What its driver says when it is not becomes the ports' own word for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

from infra.ports import Unavailable


@asynccontextmanager
async def reachable() -> AsyncIterator[None]:
    """Raises Unavailable for a lost connection, a full pool or a server that is shutting down."""
    try:
        yield
    except (psycopg.OperationalError, PoolTimeout, PoolClosed) as error:
        raise Unavailable(type(error).__name__) from error
