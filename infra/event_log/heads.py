"""Who vouches for the log's end? A key outside the database signs heads, and another database keeps the signatures."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra.event_log.verify import Finding

_DOMAIN = b"telocompro log head 1\0"  # no other signature of this key means the same
_LINKS = 1000  # between two signed heads, at most
_SECONDS = 60.0  # between two signed heads while the log moves, at most
_LOOK_EVERY = 5.0  # seconds

AnyPool = AsyncConnectionPool[AsyncConnection[Any]]


class HeadKeyInvalid(ValueError):
    """The configured key is no Ed25519 private key in PEM. The message never shows it."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A row of signed_heads."""

    position: int
    link: bytes
    signature: bytes


def head_key(pem: str) -> Ed25519PrivateKey:
    """The key in the environment's text. Raises HeadKeyInvalid."""
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        raise HeadKeyInvalid("the head key is not a PEM private key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise HeadKeyInvalid("the head key is not an Ed25519 key")
    return key


def signed(key: Ed25519PrivateKey, position: int, link: bytes) -> SignedHead:
    return SignedHead(position, link, key.sign(_text(position, link)))


def checked(heads: Sequence[SignedHead], key: Ed25519PublicKey) -> Mapping[int, bytes] | Finding:
    """Position → link of heads whose signatures hold; or the first that doesn't."""
    for head in heads:
        try:
            key.verify(head.signature, _text(head.position, head.link))
        except InvalidSignature:
            return Finding(head.position, "the signature of the head there does not hold")
    return {head.position: head.link for head in heads}


class HeadSigner:
    """`run()` until cancelled: signs every 1,000 links, every 60 s while the log moves, and at the end."""

    def __init__(
        self,
        log: AnyPool,
        keys: AnyPool,
        key: Ed25519PrivateKey,
        *,
        links: int = _LINKS,
        seconds: float = _SECONDS,
        look_every: float = _LOOK_EVERY,
    ) -> None:
        self._log = log
        self._keys = keys
        self._key = key
        self._links = links
        self._seconds = seconds
        self._look_every = look_every

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        try:
            while True:
                await asyncio.sleep(self._look_every)
                try:
                    if loop.time() - last >= self._seconds or await self.links_since() >= self._links:
                        await self.sign()
                        last = loop.time()
                except (psycopg.Error, PoolTimeout):
                    continue  # the next look may find the database again
        finally:
            with suppress(psycopg.Error, PoolTimeout):  # the next process signs what this one could not
                await asyncio.shield(self.sign())

    async def sign(self) -> SignedHead | None:
        """Sign the head as it stands. None: it is signed already, or the log is empty."""
        async with self._log.connection() as connection:
            cursor = await connection.execute("select position, link from log.log_head")
            row = await cursor.fetchone()
        assert row is not None
        position, link = row
        if position == 0 or position == await self._last():
            return None
        head = signed(self._key, position, bytes(link))
        async with self._keys.connection() as connection:
            await connection.execute(
                "insert into signed_heads (position, link, signature) select %s, %s, %s"
                " where not exists (select from signed_heads where position = %s)",
                (head.position, head.link, head.signature, head.position),
            )
        return head

    async def links_since(self) -> int:
        """Links that no signed head covers yet, counted up to the bound."""
        async with self._log.connection() as connection:
            cursor = await connection.execute(
                "select count(*) from (select from log.links where first_position > %s limit %s) l",
                (await self._last(), self._links),
            )
            row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async def _last(self) -> int:
        async with self._keys.connection() as connection:
            cursor = await connection.execute("select coalesce(max(position), 0) from signed_heads")
            row = await cursor.fetchone()
        assert row is not None
        return int(row[0])


def _text(position: int, link: bytes) -> bytes:
    return _DOMAIN + position.to_bytes(8, "big") + link
