"""Where does the next page begin? The sort and the values of the last document that was seen, opaque to clients."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence

import msgspec

LONGEST = 1_000  # characters


class BadCursor(Exception):
    """Not a cursor of ours, or of another sort."""


def cursor(sort: str, values: Sequence[object]) -> str:
    """The place behind the document with these values of the sort's fields."""
    return urlsafe_b64encode(msgspec.json.encode([sort, *values])).decode().rstrip("=")


def position_after(text: str | None, sort: str, fields: int) -> Sequence[object]:
    """The values in a cursor; none: from the start. Raises BadCursor."""
    if text is None:
        return ()
    if len(text) > LONGEST:
        raise BadCursor
    try:
        named, *values = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=list[str | int])
    except (ValueError, Base64Error, msgspec.DecodeError):
        raise BadCursor from None
    if named != sort or len(values) != fields:
        raise BadCursor
    return values
