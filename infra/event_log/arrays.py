"""How do whole arrays reach PostgreSQL at the price of a join? In its binary format, built in one go per column.

psycopg's own list adaptation asks a dumper per element; at 16 columns a batch that was most of the client's time.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct, pack
from uuid import UUID

BYTEA, TEXT, UUID_, INT2, INT4, TIMESTAMPTZ = 17, 25, 2950, 21, 23, 1184  # oids of the elements
ARRAYS = {BYTEA: 1001, TEXT: 1009, UUID_: 2951, INT2: 1005, INT4: 1007, TIMESTAMPTZ: 1185}

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's
_MICROSECOND = timedelta(microseconds=1)
_LENGTH = Struct(">i")
_UUID_LENGTH = pack(">i", 16)


def bytes_array(values: Sequence[bytes], element: int = BYTEA) -> bytes:
    length = _LENGTH.pack
    return _head(element, len(values)) + b"".join([part for value in values for part in (length(len(value)), value)])


def text_array(values: Sequence[str]) -> bytes:
    return bytes_array([value.encode() for value in values], TEXT)


def uuid_array(values: Sequence[UUID]) -> bytes:
    if not values:
        return _head(UUID_, 0)
    return _head(UUID_, len(values)) + _UUID_LENGTH + _UUID_LENGTH.join([value.bytes for value in values])


def int_array(values: Sequence[int]) -> bytes:
    return _head(INT4, len(values)) + pack(f">{2 * len(values)}i", *_beside(4, values))


def short_array(values: Sequence[int]) -> bytes:
    return _head(INT2, len(values)) + pack(">" + "ih" * len(values), *_beside(2, values))


def time_array(values: Sequence[datetime]) -> bytes:
    moments = [(value - _EPOCH) // _MICROSECOND for value in values]
    return _head(TIMESTAMPTZ, len(values)) + pack(">" + "iq" * len(values), *_beside(8, moments))


def elements(array: bytes) -> list[bytes]:
    """The values of a one-dimensional binary array without nulls."""
    dimensions, _, _ = _THREE.unpack_from(array)
    if dimensions == 0:
        return []
    (count,) = _LENGTH.unpack_from(array, 12)
    found, at = [], 20
    for _ in range(count):
        (size,) = _LENGTH.unpack_from(array, at)
        found.append(array[at + 4 : at + 4 + size])
        at += 4 + size
    return found


_THREE = Struct(">iii")
_FIVE = Struct(">iiiii")


def _head(element: int, count: int) -> bytes:
    return _FIVE.pack(1, 0, element, count, 1) if count else _THREE.pack(0, 0, element)


def _beside(length: int, values: Iterable[int]) -> list[int]:
    return [part for value in values for part in (length, value)]
