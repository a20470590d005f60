"""How is a statement that is asked all day sent at least cost? Prepared once a connection, binary both ways.

psycopg's cursors work out types, formats and plans anew for every execution, in Python: more than half of what a short
question costs the client. Waiting, patience and errors stay the connection's own.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar
from uuid import uuid4
from weakref import WeakSet

from psycopg import AsyncConnection, pq
from psycopg.adapt import Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.generators import execute

from infra.postgres.encoding import Kind

R = TypeVar("R")
_GOOD = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)
_OUTDATED = (InvalidSqlStatementName, FeatureNotSupported)  # deallocated; or a table behind it has changed


class Question(Generic[R]):
    """One statement with `$1`, `$2`, …, the kinds of its values, and what a row becomes.

    Every asker makes its own: it remembers, without keeping them alive, the connections that have prepared it.
    """

    def __init__(self, statement: str, kinds: Sequence[Kind], row: Callable[[Sequence[Any]], R]) -> None:
        self._statement = statement.encode()
        self._name = uuid4().hex  # two askers may share a connection
        self._oids = [kind.oid for kind in kinds]
        self._encoders = [kind.encode for kind in kinds]
        self._formats = [pq.Format.BINARY] * len(self._oids)
        self._row = row
        self._prepared: WeakSet[AsyncConnection[Any]] = WeakSet()
        self._times = 0  # prepared anew because it was outdated

    async def ask(self, connection: AsyncConnection[Any], values: Sequence[Any]) -> list[R]:
        """The rows. No value may be None (elements of lists may). Raises psycopg.Error.

        A connection in autocommit commits it, as ever.
        """
        encoded = [encode(value) for encode, value in zip(self._encoders, values, strict=True)]
        known = connection in self._prepared
        try:
            return await self._asked(connection, encoded)
        except _OUTDATED:  # nothing was done
            if not known or connection.info.transaction_status != pq.TransactionStatus.IDLE:
                raise
            self._prepared.clear()
            self._times += 1
            return await self._asked(connection, encoded)

    async def _asked(self, connection: AsyncConnection[Any], encoded: Sequence[bytes]) -> list[R]:
        name = f"{self._name}_{self._times}".encode()
        async with connection.lock:
            libpq = connection.pgconn
            if connection not in self._prepared:
                libpq.send_prepare(name, self._statement, self._oids)
                _good(await connection.wait(execute(libpq)), connection)
                self._prepared.add(connection)
            libpq.send_query_prepared(name, encoded, self._formats, pq.Format.BINARY)
            result = _good(await connection.wait(execute(libpq)), connection)
        if result.ntuples == 0:
            return []
        rows = Transformer(connection)
        rows.set_pgresult(result, set_loaders=True, format=pq.Format.BINARY)
        return rows.load_rows(0, result.ntuples, self._row)


def _good(results: Sequence[pq.abc.PGresult], connection: AsyncConnection[Any]) -> pq.abc.PGresult:
    """The only one. Raises psycopg.Error."""
    result = results[-1]
    if result.status not in _GOOD:
        raise error_from_result(result, encoding=connection.info.encoding)
    return result
