"""Who may sign in? Rows of schema identity: the second truth beside the log."""

from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from infra.ports import AccountRow
from infra.postgres.reachable import reachable

_FIND = "select customer_id, email_hmac, password_hash, role, pending from identity.accounts where email_hmac = %s"
_ADD = (
    "insert into identity.accounts (customer_id, email_hmac, password_hash, role, pending) values (%s, %s, %s, %s, %s)"
    " on conflict (email_hmac) do nothing"
)


class PostgresAccounts:
    """Implements AccountStore. Every method raises Unavailable."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self._pool = pool

    async def find(self, email_hmac: bytes) -> AccountRow | None:
        async with reachable(), self._pool.connection() as connection:
            return await _find(connection, email_hmac)

    async def add(self, row: AccountRow) -> AccountRow:
        async with reachable(), self._pool.connection() as connection:
            values = (row.customer_id, row.email_hmac, row.password_hash, row.role, row.pending)
            await connection.execute(_ADD, values)
            return await _find(connection, row.email_hmac) or row

    async def complete(self, customer_id: UUID) -> None:
        async with reachable(), self._pool.connection() as connection:
            await connection.execute(
                "update identity.accounts set pending = null where customer_id = %s and pending is not null",
                [customer_id],
            )


async def _find(connection: AsyncConnection[Any], email_hmac: bytes) -> AccountRow | None:
    row = await (await connection.execute(_FIND, [email_hmac])).fetchone()
    return None if row is None else AccountRow(row[0], bytes(row[1]), row[2], row[3], row[4] and bytes(row[4]))
