"""How does an event become the bytes that are stored, and become an event again?

Compact JSON (msgspec), with the personal fields sealed. Everything about a class is compiled once.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any, get_type_hints
from uuid import UUID

import msgspec

from infra.codec import metadata
from infra.codec.personal_data import NONCE, SealBroken, seal, unseal
from infra.codec.upcasting import Upcasts, upcast
from infra.ports import DataKey, Schema, Stored

_ENCODER = msgspec.json.Encoder()


class Unregistered(Exception):
    """An event class, or a stored type, that no schema names."""


class UnknownVersion(Exception):
    """A type that we know, in a version that we don't: the log is newer than this code."""

    def __init__(self, type: str, version: int) -> None:
        super().__init__(f"{type} in version {version}")
        self.type = type
        self.version = version


class NotSealed(Exception):
    """Personal data without a key: it is never stored in plain."""


class PayloadBroken(Exception):
    """Stored bytes that are no event of their type. The message holds nothing of them."""


class Codec:
    """Knows every stored version of every event. The highest version of a type is what is written today."""

    def __init__(
        self,
        schemas: Sequence[Schema],
        upcasts: Upcasts | None = None,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._schemas = {(schema.type, schema.version): schema for schema in schemas}
        self._latest: dict[str, Schema] = {}
        for schema in sorted(schemas, key=lambda each: each.version):
            self._latest[schema.type] = schema
        self._written = {schema.cls: schema for schema in self._latest.values()}
        self._upcasts: Upcasts = upcasts or {}
        self._random_bytes = random_bytes
        self._forms: dict[type, _Form] = {}

    def schema(self, cls: type) -> Schema:
        """What an event of this class is stored as. Raises Unregistered."""
        found = self._written.get(cls)
        if found is None:
            raise Unregistered(cls.__name__)
        return found

    def knows(self, type: str) -> bool:
        """Whether some version of this type is registered."""
        return type in self._latest

    def reads(self, type: str, version: int) -> bool:
        """Whether this version of it is registered. Otherwise the log is newer than this code."""
        return (type, version) in self._schemas

    def is_personal(self, type: str, version: int) -> bool:
        """Whether it has sealed fields, so that its key is needed to read all of it."""
        schema = self._schemas.get((type, version))
        return schema is not None and bool(schema.personal_fields)

    def subject(self, event: object) -> UUID | None:
        """Whose key has to seal it; None: there is nothing personal in it. Raises Unregistered."""
        schema = self.schema(type(event))
        if not schema.personal_fields or all(getattr(event, field) is None for field in schema.personal_fields):
            return None
        return _subject(schema, getattr(event, str(schema.subject_field)))

    def encode(self, event: object, event_id: UUID, key: DataKey | None = None) -> bytes:
        """The payload. Raises Unregistered, NotSealed."""
        schema = self.schema(type(event))
        if not schema.personal_fields:
            return _ENCODER.encode(event)
        form = self._form(schema)
        values = {name: getattr(event, name) for name in form.names}
        for field in form.inner:
            if values[field] is not None:
                if key is None or key.subject != values[str(schema.subject_field)]:
                    raise NotSealed(f"{schema.type}: {field}")
                plain = _ENCODER.encode(values[field])
                values[field] = seal(key, event_id, field, plain, self._random_bytes(NONCE))
        return _ENCODER.encode(form.wire(**values))

    def decode(self, stored: Stored, key: DataKey | None = None) -> Any:
        """The event. Personal fields without a key are None: the person was erased.

        Raises Unregistered, UnknownVersion, SealBroken, PayloadBroken.
        """
        latest = self._latest.get(stored.type)
        if latest is None:
            raise Unregistered(stored.type)
        schema = self._schemas.get((stored.type, stored.schema))
        if schema is None:
            raise UnknownVersion(stored.type, stored.schema)
        try:
            if schema is not latest:
                return self._decode_old(schema, latest, stored, key)
            form = self._form(schema)
            if not form.inner:
                return form.decoder.decode(stored.payload)
            return self._decode_sealed(form, schema, stored, key)
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise PayloadBroken(f"{stored.type} at position {stored.position}") from None

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
    ) -> bytes:
        """What stands beside an event. The actor is its type and its id."""
        return metadata.encode(
            metadata.Metadata(
                actor=metadata.ActorOf(*actor),
                correlation=correlation,
                causation=causation,
                reason=reason,
                trace=trace,
                key_id=key_id,
                origin=origin,
            )
        )

    def decode_metadata(self, raw: bytes) -> metadata.Metadata:
        """Raises PayloadBroken."""
        try:
            return metadata.decode(raw)
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise PayloadBroken("metadata") from None

    def _decode_sealed(self, form: "_Form", schema: Schema, stored: Stored, key: DataKey | None) -> Any:
        wire = form.decoder.decode(stored.payload)
        values = {name: getattr(wire, name) for name in form.names}
        subject = values[str(schema.subject_field)]
        for field, decoder in form.inner.items():
            if values[field] is not None:
                plain = None if key is None else unseal(key, subject, stored.event_id, field, values[field])
                values[field] = None if plain is None else decoder.decode(plain)
        return schema.cls(**values)

    def _decode_old(self, schema: Schema, latest: Schema, stored: Stored, key: DataKey | None) -> Any:
        values: dict[str, Any] = msgspec.json.decode(stored.payload, type=dict[str, Any])
        for field in schema.personal_fields:
            text = values.get(field)
            if text is not None:
                subject = UUID(str(values[str(schema.subject_field)]))
                plain = None if key is None else unseal(key, subject, stored.event_id, field, str(text))
                values[field] = None if plain is None else msgspec.json.decode(plain)
        today = upcast(schema.type, schema.version, values, to=latest.version, steps=self._upcasts)
        return msgspec.convert(today, latest.cls, str_keys=True)

    def _form(self, schema: Schema) -> "_Form":
        form = self._forms.get(schema.cls)
        if form is None:
            form = self._forms[schema.cls] = _Form(schema)
        return form


class _Form:
    """What is compiled for one class: its decoder, and for a class with personal fields the sealed twin of it."""

    def __init__(self, schema: Schema) -> None:
        self.names: tuple[str, ...] = ()
        self.inner: dict[str, msgspec.json.Decoder[Any]] = {}  # of the personal fields
        if not schema.personal_fields:
            self.decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(schema.cls)
            return
        hints = get_type_hints(schema.cls)
        self.names = tuple(each.name for each in fields(schema.cls))
        self.inner = {name: msgspec.json.Decoder(hints[name]) for name in schema.personal_fields}
        sealed = [self._sealed(each, hints[each.name]) for each in fields(schema.cls)]
        self.wire = msgspec.defstruct(f"Sealed{schema.cls.__name__}", sealed, frozen=True, kw_only=True)
        self.decoder = msgspec.json.Decoder(self.wire)

    def _sealed(self, each: "Field[Any]", hint: Any) -> tuple[str, Any] | tuple[str, Any, Any]:
        kind = str | None if each.name in self.inner else hint
        return (each.name, kind) if each.default is MISSING else (each.name, kind, each.default)


def _subject(schema: Schema, value: object) -> UUID:
    if not isinstance(value, UUID):
        raise NotSealed(f"{schema.type}: {schema.subject_field} names nobody")
    return value


__all__ = ["Codec", "NotSealed", "PayloadBroken", "SealBroken", "UnknownVersion", "Unregistered"]
