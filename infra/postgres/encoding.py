"""How do values reach PostgreSQL in its binary format? Named kinds, each with its type's oid and one function.

psycopg asks a dumper for every value and for every element of a list, in Python; for what is asked all day that costs
more than the question.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any
from uuid import UUID

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # PostgreSQL's
_MICROSECOND = timedelta(microseconds=1)
_INT, _BIGINT, _DOUBLE = Struct(">i"), Struct(">q"), Struct(">d")
_EMPTY, _HEAD = Struct(">iii"), Struct(">iiiii")
_NULL = _INT.pack(-1)


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of the server's. `encode` raises what comes of values of another type, struct.error out of its range."""

    oid: int
    encode: Callable[[Any], bytes]


def _moment(value: datetime) -> bytes:
    return _BIGINT.pack((value - _EPOCH) // _MICROSECOND)


def _identity(value: UUID) -> bytes:
    return value.bytes


def _array(array: int, element: Kind) -> Kind:
    """Of one dimension; None becomes null."""
    encode, length = element.encode, _INT.pack

    def encoded(values: Sequence[Any]) -> bytes:
        if not values:
            return _EMPTY.pack(0, 0, element.oid)
        parts = [_HEAD.pack(1, int(None in values), element.oid, len(values), 1)]
        for value in values:
            if value is None:
                parts.append(_NULL)
            else:
                content = encode(value)
                parts += (length(len(content)), content)
        return b"".join(parts)

    return Kind(array, encoded)


TEXT = Kind(25, str.encode)
INT, BIGINT, DOUBLE = Kind(23, _INT.pack), Kind(20, _BIGINT.pack), Kind(701, _DOUBLE.pack)
ID, MOMENT = Kind(2950, _identity), Kind(1184, _moment)
TEXTS, INTS, BIGINTS = _array(1009, TEXT), _array(1007, INT), _array(1016, BIGINT)
IDS, MOMENTS = _array(2951, ID), _array(1185, MOMENT)
