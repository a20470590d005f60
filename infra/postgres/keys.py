"""Where are the data keys of people, each wrapped by the platform's own key? In the keys database, and 60 s in here."""

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from infra.ports import DataKey, KeyDestroyed
from infra.postgres.reachable import reachable

CACHED = 60.0  # seconds at most, so that a destroyed key is soon forgotten everywhere
_REMEMBERED = 20_000  # keys
_NONCE = 12
_SECRET = 32  # bytes: AES-256
_LOCK_ALL = """
select pg_advisory_xact_lock(o.number)
from (select hashtextextended(name, 0) as number from unnest(%s::text[]) name order by 1) o
"""  # in one order, so that two who lock many never wait for each other
_INSERT_ALL = (
    "insert into data_keys (key_id, subject, wrapped) select * from unnest(%s::uuid[], %s::uuid[], %s::bytea[])"
)
_NEWEST = """
select distinct on (subject) key_id, subject, wrapped, destroyed_at from data_keys where subject = any (%s)
order by subject, made_at desc, key_id desc
"""


class KeyUnreadable(Exception):
    """A wrapped key does not open under this platform's key. The message holds no key."""


class PostgresKeys:
    """Implements Keys over table `data_keys`. `kek` (32 bytes) wraps: AES-256-GCM bound to subject and key id."""

    def __init__(
        self,
        pool: AsyncConnectionPool[Any],
        kek: bytes,
        seconds: Callable[[], float] = time.monotonic,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._pool = pool
        self._kek = AESGCM(kek)
        self._seconds = seconds
        self._random_bytes = random_bytes
        self._by_subject: _Cache = _Cache(seconds)
        self._by_id: _Cache = _Cache(seconds)

    async def make(self, subject: UUID) -> DataKey:
        """Of two that make the first key at once, both get the same. Raises KeyDestroyed, Unavailable."""
        cached = self._by_subject.get(subject)
        if cached is not None:
            return cached
        async with reachable(), self._pool.connection() as connection, connection.transaction():
            key = await self._newest_or_new(connection, subject)
        self._keep(key)
        return key

    async def make_all(self, subjects: Collection[UUID]) -> None:
        """One transaction for all that are not at hand. Raises Unavailable."""
        missing = [subject for subject in subjects if self._by_subject.get(subject) is None]
        if not missing:
            return
        async with reachable(), self._pool.connection() as connection, connection.transaction():
            await connection.execute(_LOCK_ALL, [[str(subject) for subject in missing]])
            rows = await (await connection.execute(_NEWEST, [missing])).fetchall()
            held = {subject for _, subject, _, _ in rows}
            made = [self._new(subject) for subject in missing if subject not in held]
            names = [key.key_id for key in made], [key.subject for key in made]
            await connection.execute(_INSERT_ALL, [*names, [self._wrapped(key) for key in made]])
        there = [self._unwrapped(id_, subject, bytes(raw)) for id_, subject, raw, gone in rows if gone is None]
        for key in (*there, *made):
            self._keep(key)

    async def find(self, key_ids: Collection[UUID]) -> Mapping[UUID, DataKey]:
        """Raises Unavailable."""
        found = {key_id: key for key_id in key_ids if (key := self._by_id.get(key_id)) is not None}
        missing = [key_id for key_id in key_ids if key_id not in found]
        if missing:
            async with reachable(), self._pool.connection() as connection:
                cursor = await connection.execute(
                    "select key_id, subject, wrapped from data_keys where key_id = any(%s) and destroyed_at is null",
                    [missing],
                )
                rows = await cursor.fetchall()
            for key_id, subject, wrapped in rows:
                found[key_id] = key = self._unwrapped(key_id, subject, bytes(wrapped))
                self._by_id.put(key_id, key)  # not by subject: there may be a newer one
        return found

    async def destroy(self, subject: UUID) -> None:
        """For ever, also for a subject that has no key yet. A repeat changes nothing. Raises Unavailable."""
        async with reachable(), self._pool.connection() as connection, connection.transaction():
            await _lock(connection, subject)
            done = await connection.execute(
                "update data_keys set wrapped = null, destroyed_at = coalesce(destroyed_at, now()) where subject = %s",
                [subject],
            )
            if done.rowcount == 0:
                await connection.execute(
                    "insert into data_keys (key_id, subject, destroyed_at) values (%s, %s, now())", [uuid7(), subject]
                )
        self.forget(subject)

    def forget(self, subject: UUID) -> None:
        """Drop what is remembered here: the subject was erased, here or elsewhere."""
        key = self._by_subject.drop(subject)
        if key is not None:
            self._by_id.drop(key.key_id)
        self._by_id.drop_all(lambda each: each.subject == subject)

    async def _newest_or_new(self, connection: AsyncConnection[Any], subject: UUID) -> DataKey:
        await _lock(connection, subject)
        cursor = await connection.execute(
            "select key_id, wrapped, destroyed_at from data_keys where subject = %s"
            " order by made_at desc, key_id desc limit 1",
            [subject],
        )
        row = await cursor.fetchone()
        if row is not None:
            if row[2] is not None:
                raise KeyDestroyed(f"the keys of {subject} were destroyed")
            return self._unwrapped(row[0], subject, bytes(row[1]))
        key = self._new(subject)
        await connection.execute(
            "insert into data_keys (key_id, subject, wrapped) values (%s, %s, %s)",
            [key.key_id, subject, self._wrapped(key)],
        )
        return key

    def _new(self, subject: UUID) -> DataKey:
        return DataKey(uuid7(), subject, self._random_bytes(_SECRET))

    def _wrapped(self, key: DataKey) -> bytes:
        nonce = self._random_bytes(_NONCE)
        return nonce + self._kek.encrypt(nonce, key.secret, key.subject.bytes + key.key_id.bytes)

    def _unwrapped(self, key_id: UUID, subject: UUID, wrapped: bytes) -> DataKey:
        try:
            secret = self._kek.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], subject.bytes + key_id.bytes)
        except (InvalidTag, ValueError):
            raise KeyUnreadable(f"data key {key_id}") from None
        return DataKey(key_id, subject, secret)

    def _keep(self, key: DataKey) -> None:
        self._by_subject.put(key.subject, key)
        self._by_id.put(key.key_id, key)


async def _lock(connection: AsyncConnection[Any], subject: UUID) -> None:
    """One at a time per subject, until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(subject)])


class _Cache:
    """Keys for at most 60 s; the oldest go when there are too many."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._held: OrderedDict[UUID, tuple[float, DataKey]] = OrderedDict()

    def get(self, name: UUID) -> DataKey | None:
        held = self._held.get(name)
        if held is None:
            return None
        if held[0] <= self._seconds():
            del self._held[name]
            return None
        return held[1]

    def put(self, name: UUID, key: DataKey) -> None:
        self._held.pop(name, None)
        self._held[name] = (self._seconds() + CACHED, key)
        if len(self._held) > _REMEMBERED:
            self._held.popitem(last=False)

    def drop(self, name: UUID) -> DataKey | None:
        held = self._held.pop(name, None)
        return None if held is None else held[1]

    def drop_all(self, which: Callable[[DataKey], bool]) -> None:
        for name in [name for name, (_, key) in self._held.items() if which(key)]:
            del self._held[name]
