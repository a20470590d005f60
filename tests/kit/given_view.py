"""Events as projections get them: `stored(*events)` as envelopes, `a_log()` to append to, `folded(...)` a document."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID, uuid5

from infra.codec.json_codec import Codec
from infra.event_log.chain import event_digest
from infra.memory.keys import MemoryKeys
from infra.memory.log import MemoryLog
from infra.ports import Accepted, Append, Appender, LogReader, NewEvent
from projections.running.folding import State, fold, grouped
from projections.running.projection import Document, Projection
from tests.kit.builders.ids import TESTS
from write_model.handling.coding import Decode
from write_model.handling.registry import EVENTS, UPCASTS, decoder
from write_model.kernel.ids import stock_item, stream
from write_model.kernel.message import Actor, Envelope, Event

D = TypeVar("D", bound=Document)

BEGUN = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
SOMEBODY = Actor("customer", "00000000-0000-5000-8000-00000000ada0")
_ID_FIELD = {
    "product": "product_id",
    "cart": "cart_id",
    "order": "order_id",
    "payment": "payment_id",
    "customer": "customer_id",
    "review": "review_id",
    "notification": "notification_id",
}
NAMES: dict[type, str] = {schema.cls: schema.type for schema in EVENTS}


def stream_of(event: Event) -> str:
    """The stream that the event belongs to, from its own fields."""
    room = NAMES[type(event)].partition(".")[0]
    if room == "stock":
        return stream(room, stock_item(event.variant_id, event.warehouse))  # type: ignore[attr-defined]
    identity: UUID = getattr(event, _ID_FIELD[room])
    return stream(room, identity)


def stored(*events: Event, first: int = 1) -> list[Envelope[Any]]:
    """As the log would hand them over: one position after the other, a second apart."""
    versions: dict[str, int] = {}
    envelopes = []
    for position, event in enumerate(events, start=first):
        name = stream_of(event)
        versions[name] = versions.get(name, 0) + 1
        moment = BEGUN + timedelta(seconds=position)
        envelopes.append(
            Envelope(
                event=event,
                event_id=uuid5(TESTS, f"event/{position}"),
                stream=name,
                version=versions[name],
                position=position,
                recorded_at=moment,
                effective_at=moment,
                actor=SOMEBODY,
                command_id=uuid5(TESTS, f"command/{position}"),
                correlation_id=uuid5(TESTS, "correlation"),
            )
        )
    return envelopes


def folded(projection: Projection[D], key: object, *events: Event) -> D | None:
    """The document of a key after these events; a poisoned fold fails the test."""
    ours = grouped(projection, stored(*events)).get(str(key), [])
    done = fold(projection, str(key), State(), ours)
    assert done.poison is None, done.poison
    found = done.state.document
    assert found is None or isinstance(found, projection.source.document)
    return found


def repeat_changes_nothing(projection: Projection[Any], *events: Event) -> None:
    """For every prefix: hearing all of it again leaves every document as it is."""
    envelopes = [each for each in stored(*events) if type(each.event) in projection.types]
    for heard in range(1, len(envelopes) + 1):
        for key in {key: None for each in envelopes[:heard] for key in projection.key(each)}:
            ours = [each for each in envelopes[:heard] if key in projection.key(each)]
            once = fold(projection, key, State(), ours)
            again = fold(projection, key, once.state, ours)
            assert again.state is once.state or again.state == once.state
            assert again.entries == []


@dataclass
class ALog:
    """A log that tests append events to, each as a command of its own or several together."""

    log: Appender
    reader: LogReader
    keys: Any = field(default_factory=MemoryKeys)
    versions: dict[str, int] = field(default_factory=dict)
    commands: int = 0

    def __post_init__(self) -> None:
        self.codec = Codec(EVENTS, UPCASTS)

    @property
    def decode(self) -> Decode:
        return decoder(self.codec, self.keys)

    async def append(self, *events: Event) -> int:
        """All or nothing; the position of the last."""
        self.commands += 1
        command_id = uuid5(TESTS, f"append/{self.commands}")
        expected: dict[str, int] = {}
        rows = []
        for event in events:
            name = stream_of(event)
            expected.setdefault(name, self.versions.get(name, 0))
            self.versions[name] = self.versions.get(name, 0) + 1
            rows.append(await self._row(event, name, command_id))
        verdict = await self.log.append(Append(command_id, sha256(b"").digest(), expected, rows, b"{}"))
        assert isinstance(verdict, Accepted), verdict
        return verdict.position

    async def _row(self, event: Event, name: str, command_id: UUID) -> NewEvent:
        schema, event_id = self.codec.schema(type(event)), uuid5(command_id, f"{name}/{self.versions[name]}")
        subject = self.codec.subject(event)
        key = None if subject is None else await self.keys.make(subject)
        metadata = self.codec.encode_metadata(
            (SOMEBODY.type, SOMEBODY.id), command_id, key_id=None if key is None else key.key_id
        )
        version, payload = self.versions[name], self.codec.encode(event, event_id, key)
        digest = event_digest(
            name, version, schema.type, schema.version, event_id, command_id, BEGUN, metadata, payload
        )
        return NewEvent(name, version, schema.type, schema.version, event_id, BEGUN, metadata, payload, digest)


def a_log() -> ALog:
    log = MemoryLog()
    return ALog(log, log)
