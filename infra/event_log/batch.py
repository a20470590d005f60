"""Which waiting commands go together in one call, how do they travel, and what was said to each?"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from infra.event_log import arrays
from infra.event_log.chain import placed
from infra.ports import Accepted, Append, Conflict, NewEvent, Replayed, Verdict

STATEMENT = b"select * from log.append(" + b", ".join(b"$%d" % number for number in range(1, 19)) + b")"
TYPES = [
    arrays.ARRAYS[element]
    for element in (
        *(arrays.UUID_, arrays.BYTEA, arrays.BYTEA, arrays.INT4),
        *(arrays.INT4, arrays.TEXT, arrays.INT4, arrays.INT4),
        *(arrays.INT4, arrays.TEXT, arrays.INT4, arrays.TEXT, arrays.INT2, arrays.UUID_),
        *(arrays.TIMESTAMPTZ, arrays.BYTEA, arrays.BYTEA, arrays.BYTEA),
    )
]

_MOST_BYTES = 8_000_000  # of a batch


@dataclass(slots=True)
class Waiting:
    """A command and the caller who waits for its verdict."""

    command: Append
    written: frozenset[str]
    size: int
    since: float  # the loop's time
    verdict: asyncio.Future[Verdict]

    @staticmethod
    def of(command: Append, verdict: asyncio.Future[Verdict]) -> "Waiting":
        written = frozenset([event.stream for event in command.events])
        size = 500 + len(command.answer)
        for event in command.events:
            size += len(event.payload) + len(event.metadata)
        return Waiting(command, written, size, verdict.get_loop().time(), verdict)


def take(queue: deque[Waiting], most: int) -> list[Waiting]:
    """Remove the next batch from the queue.

    In a batch a stream is written by one command and then expected by no other, and a command id stands once; who has
    to wait for the next batch keeps its turn on all its streams.
    """
    batch: list[Waiting] = []
    later: list[Waiting] = []
    written: set[str] = set()
    read: set[str] = set()
    ids: set[UUID] = set()
    size = 0
    while queue and len(batch) < most and size < _MOST_BYTES:
        waiting = queue.popleft()
        if waiting.verdict.done():  # its caller has gone
            continue
        expected = waiting.command.expected.keys()
        free = (
            written.isdisjoint(expected) and read.isdisjoint(waiting.written) and waiting.command.command_id not in ids
        )
        if free:
            batch.append(waiting)
            size += waiting.size
        else:
            later.append(waiting)
        written |= waiting.written
        read.update(expected - waiting.written)
        ids.add(waiting.command.command_id)
    queue.extendleft(reversed(later))
    return batch


def parameters(commands: Sequence[Append]) -> list[bytes]:
    """The arguments of `log.append`, in PostgreSQL's binary format. Raises ValueError, TypeError or struct.error."""
    expecting: list[int] = []
    expected: list[tuple[str, int, int]] = []
    writing: list[int] = []
    ends: list[int] = []
    events: list[NewEvent] = []
    digests: list[bytes] = []
    for number, command in enumerate(commands, 1):
        lasts: dict[str, int] = {}
        behind = len(command.events)
        for event in command.events:
            behind -= 1
            digests.append(placed(event.digest, behind))
            events.append(event)
            writing.append(number)
            lasts[event.stream] = len(events)
        for stream, version in command.expected.items():
            expecting.append(number)
            expected.append((stream, version, lasts.get(stream, 0)))
        ends.append(len(events))
    return [
        arrays.uuid_array([command.command_id for command in commands]),
        arrays.bytes_array([command.fingerprint for command in commands]),
        arrays.bytes_array([command.answer for command in commands]),
        arrays.int_array(ends),
        arrays.int_array(expecting),
        arrays.text_array([stream for stream, _, _ in expected]),
        arrays.int_array([version for _, version, _ in expected]),
        arrays.int_array([last for _, _, last in expected]),
        arrays.int_array(writing),
        *_columns(events),
        arrays.bytes_array(digests),
    ]


def _columns(events: Sequence[NewEvent]) -> list[bytes]:
    return [
        arrays.text_array([event.stream for event in events]),
        arrays.int_array([event.version for event in events]),
        arrays.text_array([event.type for event in events]),
        arrays.short_array([event.schema for event in events]),
        arrays.uuid_array([event.event_id for event in events]),
        arrays.time_array([event.effective_at for event in events]),
        arrays.bytes_array([event.metadata for event in events]),
        arrays.bytes_array([event.payload for event in events]),
    ]


Row = Sequence[bytes | None]


def verdicts(commands: Sequence[Append], rows: Sequence[Row]) -> list[Verdict]:
    """What the rows of `log.append` say to each command."""
    told = {_number(row[0]): row for row in rows}
    position = _number(told.pop(0)[2])
    found: list[Verdict] = []
    for number, command in enumerate(commands, 1):
        row = told.get(number)
        if row is None:
            position += len(command.events)
            found.append(Accepted(position))
        elif row[1] == b"R":
            found.append(Replayed(_number(row[2]), row[3] or b"", row[4] or b""))
        else:
            streams = [name.decode() for name in arrays.elements(row[5] or b"")]
            heads = [int.from_bytes(head, "big", signed=True) for head in arrays.elements(row[6] or b"")]
            found.append(Conflict(dict(zip(streams, heads, strict=True))))
    return found


def _number(value: bytes | None) -> int:
    assert value is not None
    return int.from_bytes(value, "big", signed=True)
