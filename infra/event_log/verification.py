"""Is the log in this database whole? One consistent, read-only view of its tables, streamed through `verify`."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg import AsyncConnection
from psycopg.rows import args_row

from infra.event_log.heads import SignedHead, checked
from infra.event_log.verify import Answered, Finding, Head, Link, Verified, verify_chain
from infra.ports import Stored
from infra.postgres.pool import in_utc

_PAGE = 2000  # rows fetched at once
_EVENTS = """
select e.position, e.stream, e.version, e.type, e.schema, e.event_id, e.command_id, e.recorded_at, e.effective_at,
    e.metadata, e.payload, e.digest, (select a.position from log.answers a where a.command_id = e.command_id)
from log.events e order by e.position
"""
_LINKS = "select first_position, count, recorded_at, link from log.links order by first_position"
# A stream's versions are 1, 2, 3 … in the order of positions: the first event that is not the next one of its stream.
_VERSIONS = """
select position, stream, version, coalesce(before, 0) + 1 from (
    select position, stream, version, lag(version) over (partition by stream order by position) as before
    from log.events
) e where version <> coalesce(before, 0) + 1 order by position limit 1
"""
_HEADS = """
select greatest(e.position, h.position), coalesce(e.stream, h.stream) from log.stream_heads h full join (
    select distinct on (stream) stream, version, position from log.events order by stream, position desc
) e on e.stream = h.stream
where h.stream is null or e.stream is null or h.version <> e.version or h.position <> e.position
order by 1 limit 1
"""


async def verify_log(postgres_url: str, keys_url: str | None, key: Ed25519PublicKey | None) -> Verified:
    """Verify all of the log, with its signed heads where their database and key are given.

    Memory stays bounded whatever the size of the log. Raises psycopg.Error when a database can't be read.
    """
    heads = [] if keys_url is None or key is None else await _signed(keys_url)
    links_signed: Mapping[int, bytes] = {}
    first: Finding | None = None
    if key is not None:
        told = checked(heads, key)
        if isinstance(told, Finding):
            first = told
        else:
            links_signed = told
    async with await psycopg.AsyncConnection.connect(in_utc(postgres_url), autocommit=True) as connection:
        await connection.execute("begin isolation level repeatable read read only")
        verified = await _verify(connection, links_signed)
        await connection.execute("commit")
    found = [finding for finding in (first, verified.finding) if finding is not None]
    return replace(verified, finding=min(found, key=lambda finding: finding.position, default=None))


async def _verify(connection: AsyncConnection[Any], signed: Mapping[int, bytes]) -> Verified:
    async with connection.cursor(binary=True, row_factory=args_row(Head)) as cursor:
        await cursor.execute("select position, recorded_at, link from log.log_head")
        head = await cursor.fetchone()
    assert head is not None
    verified = await verify_chain(_events(connection), _links(connection), head, signed)
    found = [verified.finding, await _first(connection, _VERSIONS), await _first(connection, _HEADS)]
    finding = min((one for one in found if one is not None), key=lambda one: one.position, default=None)
    return replace(verified, finding=finding)


async def _first(connection: AsyncConnection[Any], query: str) -> Finding | None:
    row = await (await connection.execute(query)).fetchone()
    if row is None:
        return None
    if query is _VERSIONS:
        return Finding(row[0], f"{row[1]} has version {row[2]} where {row[3]} comes next")
    return Finding(row[0], f"the head of {row[1]} is not its last event")


async def _events(connection: AsyncConnection[Any]) -> AsyncIterator[Answered]:
    async with connection.cursor("verify_events", binary=True) as cursor:
        cursor.itersize = _PAGE
        await cursor.execute(_EVENTS)
        async for row in cursor:
            yield Stored(*row[:12]), row[12]


async def _links(connection: AsyncConnection[Any]) -> AsyncIterator[Link]:
    async with connection.cursor("verify_links", row_factory=args_row(Link)) as cursor:
        cursor.itersize = _PAGE
        await cursor.execute(_LINKS)
        async for row in cursor:
            yield row


async def _signed(keys_url: str) -> list[SignedHead]:
    async with (
        await psycopg.AsyncConnection.connect(in_utc(keys_url), autocommit=True) as connection,
        connection.cursor(binary=True, row_factory=args_row(SignedHead)) as cursor,
    ):
        await cursor.execute("select position, link, signature from signed_heads order by position")
        return await cursor.fetchall()
