"""How do events get into rows of the log and out of them again? Through the codec and keys that are handed in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from infra.ports import DataKey, Keys, Schema, Stored
from write_model.handling.failures import NewerThanCode
from write_model.kernel.message import Actor, Envelope, Event

Decode = Callable[[Sequence[Stored]], Awaitable[list[Envelope[Event]]]]
NO_KEYS: Mapping[UUID, DataKey] = {}


class EventCodec(Protocol):
    """What the write model asks of the codec."""

    def schema(self, cls: type) -> Schema: ...

    def knows(self, type: str) -> bool: ...

    def reads(self, type: str, version: int) -> bool: ...

    def is_personal(self, type: str, version: int) -> bool: ...

    def subject(self, event: object) -> UUID | None: ...

    def encode(self, event: object, event_id: UUID, key: DataKey | None = None) -> bytes: ...

    def decode(self, stored: Stored, key: DataKey | None = None) -> Any: ...

    def encode_metadata(
        self,
        actor: tuple[str, str],
        correlation: UUID,
        *,
        causation: UUID | None = None,
        reason: str | None = None,
        trace: str | None = None,
        key_id: UUID | None = None,
        origin: str | None = None,
    ) -> bytes: ...

    def decode_metadata(self, raw: bytes) -> Any: ...


class Decoder:
    """Rows to events. Data keys are fetched once per batch; personal fields of erased people are None."""

    def __init__(self, codec: EventCodec, keys: Keys) -> None:
        self._codec = codec
        self._keys = keys

    async def events(self, rows: Sequence[Stored]) -> list[Event]:
        """All of them: to decide on. Raises NewerThanCode for a type or version that is not known."""
        for row in rows:
            if not self._codec.reads(row.type, row.schema):
                raise NewerThanCode(row.type, row.schema, row.position)
        held = await self._fetch(rows)
        return [self._codec.decode(row, held.get(row.event_id)) for row in rows]

    async def envelopes(self, rows: Sequence[Stored]) -> list[Envelope[Event]]:
        """Those of known types. Raises NewerThanCode for a version of them that is not known."""
        known = [row for row in rows if self._codec.knows(row.type)]
        for row in known:
            if not self._codec.reads(row.type, row.schema):
                raise NewerThanCode(row.type, row.schema, row.position)
        held = await self._fetch(known)
        return [self._envelope(row, held.get(row.event_id)) for row in known]

    async def _fetch(self, rows: Sequence[Stored]) -> Mapping[UUID, DataKey]:
        """The keys that still exist, by the event that they seal."""
        personal = [row for row in rows if self._codec.is_personal(row.type, row.schema)]
        if not personal:
            return NO_KEYS
        wanted = {row.event_id: self._codec.decode_metadata(row.metadata).key_id for row in personal}
        key_ids = list(dict.fromkeys(key_id for key_id in wanted.values() if key_id is not None))
        found = await self._keys.find(key_ids) if key_ids else {}
        return {event_id: found[key_id] for event_id, key_id in wanted.items() if key_id in found}

    def _envelope(self, row: Stored, key: DataKey | None) -> Envelope[Event]:
        about = self._codec.decode_metadata(row.metadata)
        return Envelope(
            event=self._codec.decode(row, key),
            event_id=row.event_id,
            stream=row.stream,
            version=row.version,
            position=row.position,
            recorded_at=row.recorded_at,
            effective_at=row.effective_at,
            actor=Actor(about.actor.type, about.actor.id),
            command_id=row.command_id,
            correlation_id=about.correlation,
            causation_id=about.causation,
            origin=about.origin,
            reason=about.reason,
        )
