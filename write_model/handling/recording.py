"""What exactly is stored for a decision? Each event with its id, version, sealed payload and digest."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from infra.ports import DataKey, KeyDestroyed, Keys, NewEvent
from write_model.handling.coding import EventCodec
from write_model.handling.failures import Erased, EventTooLarge, TooManyEvents
from write_model.handling.request import Request
from write_model.kernel.ids import Ids
from write_model.kernel.message import Event

MOST_EVENTS = 256
LARGEST_EVENT = 65_536  # bytes of payload and metadata

# Of all that is stored: stream, version, type, schema, event id, command id, effective at, metadata, payload.
Digest = Callable[[str, int, str, int, UUID, UUID, datetime, bytes, bytes], bytes]


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What is kept of an answer for ever: nothing personal."""

    id: UUID
    version: int
    status: str


class Recorder:
    """Turns events into rows."""

    def __init__(self, codec: EventCodec, keys: Keys, ids: Ids, digest: Digest) -> None:
        self._codec = codec
        self._keys = keys
        self._ids = ids
        self._digest = digest

    async def prepare(self, events: Iterable[Event]) -> None:
        """Fetch or make the keys of all these at once: `rows` then finds them at hand. Raises Unavailable."""
        subjects = dict.fromkeys(subject for event in events if (subject := self._codec.subject(event)) is not None)
        if subjects:
            await self._keys.make_all(list(subjects))

    async def rows(
        self,
        request: Request,
        command_id: UUID,
        happened: Mapping[str, Sequence[Event]],
        versions: Mapping[str, int],
        now: datetime,
    ) -> list[NewEvent]:
        """All events in order. Raises TooManyEvents, EventTooLarge, Erased."""
        if sum(map(len, happened.values())) > MOST_EVENTS:
            raise TooManyEvents(most=MOST_EVENTS)
        effective_at = request.effective_at or now
        plain = self._metadata(request, command_id, None)
        rows: list[NewEvent] = []
        for stream, events in happened.items():
            for version, event in enumerate(events, versions[stream] + 1):
                key = await self._key(event)
                metadata = plain if key is None else self._metadata(request, command_id, key.key_id)
                rows.append(self._row(stream, version, event, key, metadata, effective_at, command_id))
        return rows

    def _row(
        self,
        stream: str,
        version: int,
        event: Event,
        key: DataKey | None,
        metadata: bytes,
        effective_at: datetime,
        command_id: UUID,
    ) -> NewEvent:
        schema = self._codec.schema(type(event))
        event_id = self._ids.new()
        payload = self._codec.encode(event, event_id, key)
        if len(payload) + len(metadata) > LARGEST_EVENT:
            raise EventTooLarge(most=LARGEST_EVENT)
        type_, number = schema.type, schema.version
        digest = self._digest(stream, version, type_, number, event_id, command_id, effective_at, metadata, payload)
        return NewEvent(stream, version, type_, number, event_id, effective_at, metadata, payload, digest)

    async def _key(self, event: Event) -> DataKey | None:
        subject = self._codec.subject(event)
        if subject is None:
            return None
        try:
            return await self._keys.make(subject)
        except KeyDestroyed:
            raise Erased from None

    def _metadata(self, request: Request, command_id: UUID, key_id: UUID | None) -> bytes:
        return self._codec.encode_metadata(
            (request.actor.type, request.actor.id),
            request.correlation or command_id,
            causation=request.causation,
            reason=request.reason,
            trace=request.trace,
            key_id=key_id,
            origin=request.origin,
        )


def encode_answer(id: str, version: int, status: str) -> bytes:
    """`id` as a UUID is written."""
    return f'{{"id":"{id}","version":{version},"status":{_quoted(status)}}}'.encode()


@lru_cache(maxsize=256)  # there are few
def _quoted(status: str) -> str:
    return json.dumps(status)


def decode_answer(raw: bytes) -> StoredAnswer:
    kept = json.loads(raw)
    return StoredAnswer(UUID(kept["id"]), int(kept["version"]), str(kept["status"]))
