"""Commands and events ready to be stored, with defaults for all that a test does not look at."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from infra.ports import Append, NewEvent

MOMENT = datetime(2026, 3, 2, 14, 30, 0, 123456, tzinfo=UTC)


def event(stream: str, version: int, **given: Any) -> NewEvent:
    values: dict[str, Any] = {
        "type": "cart.created",
        "schema": 1,
        "event_id": uuid4(),
        "effective_at": MOMENT,
        "metadata": b"{}",
        "payload": b'{"a":1}',
        "digest": b"",
    }
    return NewEvent(stream=stream, version=version, **(values | given))


def command(
    expected: Mapping[str, int],
    *events: NewEvent,
    id: UUID | None = None,
    answer: bytes = b"",
    fingerprint: bytes = b"",
) -> Append:
    return Append(uuid4() if id is None else id, fingerprint, expected, events, answer)
