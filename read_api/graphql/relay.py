"""Opaque ids and cursors: what a client gives back to us, it got from us."""

import base64
import binascii
from collections.abc import Sequence
from uuid import UUID

import msgspec

MOST = 100  # nodes of a page


class BadCursor(ValueError):
    """Not a cursor of this list."""


class BadId(ValueError):
    """Not an id of this kind of thing."""


def as_uuid(text: str) -> UUID:
    """Raises BadId."""
    try:
        return UUID(text)
    except ValueError:
        raise BadId(text[:64]) from None


def cursor(*parts: object) -> str:
    """Where a page ended: the values that it is sorted by, the id last, so that it is unique under every sort."""
    return base64.urlsafe_b64encode(msgspec.json.encode(parts)).decode().rstrip("=")


def parts_of(text: str | None, count: int) -> Sequence[object] | None:
    """The values again. Raises BadCursor."""
    if text is None:
        return None
    try:
        parts = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise BadCursor(text[:64]) from None
    if not isinstance(parts, list) or len(parts) != count:
        raise BadCursor(text[:64])
    return parts
