"""Names of streams and ids that are derived, so that a repeat is recognised. Fresh ids come from the `Ids` port."""

from functools import lru_cache
from hashlib import sha1
from typing import Protocol
from uuid import UUID

PLATFORM = UUID("6f1d1c5e-6a0b-5d6c-9f53-7d0e6a3b2c41")  # namespace of every id that is derived from a text

# RFC 9562, 5.5: of the 128 bits, which ones say "version 5" and "of this variant".
_FREE = ~(0xF000 << 64 | 0xC000 << 48)
_VERSION_5 = 0x5000 << 64 | 0x8000 << 48


class Ids(Protocol):
    """Makes UUIDv7, in rising order within one process."""

    def new(self) -> UUID: ...


@lru_cache(maxsize=16_384)  # a decision over several aggregates names each of them many times
def stream(category: str, identity: UUID) -> str:
    """The name of an aggregate's stream: `<category>-<uuid>`."""
    return f"{category}-{identity}"


def identity(stream_name: str) -> UUID:
    """The aggregate's id in a stream's name. Raises ValueError for a name of another shape."""
    return UUID(stream_name[-36:])


def category(stream_name: str) -> str:
    """The kind of aggregate in a stream's name."""
    return stream_name[:-37]


def derived(namespace: UUID, *parts: object) -> UUID:
    """UUIDv5 of the parts under a namespace: the same parts give the same id for ever.

    The standard library's takes twice as long, and every command has one.
    """
    text = "/".join([str(part) for part in parts])
    digest = sha1(namespace.bytes + text.encode(), usedforsecurity=False).digest()
    return UUID(int=int.from_bytes(digest[:16], "big") & _FREE | _VERSION_5)


@lru_cache(maxsize=16_384)  # every command about stock names it
def stock_item(variant_id: UUID, warehouse: str) -> UUID:
    """The id of the StockItem of a variant in a warehouse (never the SKU's text: DESIGN 3)."""
    return derived(variant_id, "stock", warehouse)


def session(secret: str | None) -> UUID | None:
    """Under which id the holder of a cart session is known: the secret itself is stored nowhere. None: not a secret.

    The secret is a UUID that nobody can guess, in the header `Cart-Session`.
    """
    try:
        return None if secret is None else derived(PLATFORM, "session", UUID(secret))
    except ValueError:
        return None
