"""What does each stored version of an event look like? One sample per version, kept for ever in tests/golden/events.

`python -m tools.golden` writes the samples that are missing and never touches one that is there.
"""

import json
import sys
import types
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from infra.codec.json_codec import Codec
from infra.ports import DataKey, Schema, Stored
from write_model.handling.names import EVENTS, UPCASTS
from write_model.kernel.ids import PLATFORM, derived

FOLDER = Path("tests/golden/events")
MOMENT = datetime(2026, 3, 2, 14, tzinfo=UTC)
EVENT_ID = derived(PLATFORM, "golden", "event")
SECRET = bytes(range(32))
TEXTS = {"currency": "USD", "locale": "es", "country": "EC", "market": "EC"}


def registry() -> tuple[tuple[Schema, ...], Codec]:
    """Every registered version, and the codec that reads them."""
    return EVENTS, Codec(EVENTS, UPCASTS, random_bytes=lambda size: bytes(range(size)))


def file_name(schema: Schema) -> str:
    return f"{schema.type}.v{schema.version}.json"


def golden(schema: Schema, codec: Codec) -> dict[str, Any]:
    """A sample event of this version as it is stored, the key it is sealed with, and what it says."""
    event = sample(schema.cls)
    key = key_of(codec, event)
    return {
        "type": schema.type,
        "schema": schema.version,
        "event_id": str(EVENT_ID),
        "key": key and {"subject": str(key.subject), "secret": b64encode(key.secret).decode()},
        "payload": json.loads(codec.encode(event, EVENT_ID, key)),
        "event": plain(event),
    }


def decoded(kept: Mapping[str, Any], codec: Codec) -> Any:
    """The event of a kept sample, read as today's code reads the log."""
    key = kept["key"] and DataKey(EVENT_ID, UUID(kept["key"]["subject"]), b64decode(kept["key"]["secret"]))
    return codec.decode(_stored(kept), key or None)


def plain(event: object) -> Any:
    """What an event says, as JSON."""
    return json.loads(msgspec.json.encode(event))


def sample(cls: type[Any]) -> Any:
    """An instance with every field filled, the same each time."""
    hints = get_type_hints(cls)
    return cls(**{each.name: _value(each.name, hints[each.name]) for each in fields(cls)})


def write_missing(root: Path) -> list[Path]:
    """The files that were made."""
    schemas, codec = registry()
    made = []
    for schema in schemas:
        file = root / FOLDER / file_name(schema)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(golden(schema, codec), indent=2, ensure_ascii=False) + "\n")
            made.append(file)
    return made


def key_of(codec: Codec, event: object) -> DataKey | None:
    """The key that a sample is sealed with; None: nothing in it is personal."""
    subject = codec.subject(event)
    return None if subject is None else DataKey(EVENT_ID, subject, SECRET)


def _stored(kept: Mapping[str, Any]) -> Stored:
    return Stored(
        position=1,
        stream=f"golden-{EVENT_ID}",
        version=1,
        type=kept["type"],
        schema=kept["schema"],
        event_id=UUID(kept["event_id"]),
        command_id=EVENT_ID,
        recorded_at=MOMENT,
        effective_at=MOMENT,
        metadata=b"{}",
        payload=json.dumps(kept["payload"], ensure_ascii=False).encode(),
        digest=b"",
    )


def _value(name: str, hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return _value(name, next(one for one in get_args(hint) if one is not types.NoneType))
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if get_origin(hint) is not None:
        return _many(name, get_origin(hint), get_args(hint))
    if is_dataclass(hint) and isinstance(hint, type):
        return sample(hint)
    return _one(name, hint)


def _many(name: str, origin: Any, parts: tuple[Any, ...]) -> Any:
    if issubclass(origin, Mapping):
        return {_value("locale", parts[0]): _value(name, parts[1])}
    if issubclass(origin, AbstractSet):
        return frozenset({_value(name, parts[0])})
    if issubclass(origin, Sequence):
        inner = [part for part in parts if part is not Ellipsis]
        return tuple(_value(name, part) for part in inner)
    raise TypeError(f"{name}: no sample of {origin}")


def _one(name: str, hint: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    values: dict[Any, Any] = {
        UUID: derived(PLATFORM, "golden", name),
        str: TEXTS.get(name, "2017-10-02 10:56:33" if name.endswith("_at") else f"a {name.replace('_', ' ')}"),
        int: 1250 if name.endswith("_minor") else 2,
        bool: True,
        datetime: MOMENT,
        date: MOMENT.date(),
        object: "something",
    }
    if hint not in values:
        raise TypeError(f"{name}: no sample of {hint}")
    return values[hint]


def main() -> None:
    for file in write_missing(Path.cwd()):
        sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main()
