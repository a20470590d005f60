"""Is there always a partition for the next events? Ranges of five million positions, two ahead of the head."""

import asyncio
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import Connection, sql

SIZE = 5_000_000
AHEAD = 2
_HOUR = 3600.0  # seconds


async def keep_ahead(url: str, every: float = _HOUR) -> None:
    """Make them now and every hour, until cancelled. An unreachable database is asked again then."""
    while True:
        with suppress(psycopg.OperationalError):
            await asyncio.to_thread(_make_ahead_at, url)
        await asyncio.sleep(every)


def _make_ahead_at(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        make_ahead(connection)


def make_ahead(connection: Connection[Any]) -> list[str]:
    """Make the partitions that the next appends may need; the names of new ones. Safe at any time, waits for no append.

    `create table … partition of` would lock the parent against appends; a table that is made alone and attached
    does not.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtext('log.partitions'))")
        row = connection.execute("select position from log.log_head").fetchone()
        assert row is not None
        there = {
            name
            for (name,) in connection.execute("select relname from pg_class where relnamespace = 'log'::regnamespace")
        }
        now = row[0] // SIZE
        wanted = [(f"events_{number:06}", number * SIZE) for number in range(now, now + AHEAD + 1)]
        missing = [(name, start) for name, start in wanted if name not in there]
        for name, start in missing:
            _make(connection, name, start)
    return [name for name, _ in missing]


def _make(connection: Connection[Any], name: str, start: int) -> None:
    table = sql.Identifier("log", name)
    connection.execute(
        sql.SQL("create table {} (like log.events including defaults including constraints)").format(table)
    )
    connection.execute(
        sql.SQL(
            "alter table {} set (autovacuum_vacuum_insert_threshold = 100000,"
            " autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05)"
        ).format(table)
    )
    connection.execute(
        sql.SQL("alter table log.events attach partition {} for values from ({}) to ({})").format(
            table, sql.Literal(start), sql.Literal(start + SIZE)
        )
    )
