"""Who can still be read? The data keys of persons, unwrapped, and the fields that they seal in events."""

import base64
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.checker.findings import Findings
from tests.checker.happened import Json

NONCE = 12  # bytes before the ciphertext
SEALED: Mapping[str, tuple[str, tuple[str, ...]]] = {  # by type: whose key, which fields
    "cart.shipping_address_set": ("subject", ("address",)),
    "customer.registered": ("customer_id", ("email", "name")),
    "customer.profile_changed": ("customer_id", ("name",)),
    "customer.adopted": ("customer_id", ("zip_code_prefix", "city")),
    "order.placed": ("customer_id", ("address", "contact_email", "contact_name")),
    "order.cancelled": ("customer_id", ("note",)),
    "payment.refund_requested": ("customer_id", ("note",)),
    "review.adopted": ("customer_id", ("title", "comment")),
}


class Seals:
    """The keys of all persons, by their ids; a destroyed key opens nothing any more."""

    def __init__(self, keys_url: str, kek: bytes, findings: Findings) -> None:
        self._findings = findings
        self._keys: dict[str, tuple[UUID, AESGCM | None]] = {}
        self.erased: set[str] = set()  # persons
        wrapping = AESGCM(kek)
        with psycopg.connect(keys_url) as connection:
            for key_id, subject, wrapped, destroyed in connection.execute(
                "select key_id, subject, wrapped, destroyed_at from data_keys"
            ):
                findings.count("data keys")
                if destroyed is not None:
                    self.erased.add(str(subject))
                    findings.must(
                        wrapped is None, "keys.not_destroyed", key_id, "an erased person's key is still there"
                    )
                self._keys[str(key_id)] = subject, _unwrapped(wrapping, key_id, subject, wrapped, findings)

    def opened(self, type_: str, position: int, event_id: UUID, key_id: str | None, data: Json) -> Json:
        """The event with its personal fields in plain, None where the person was erased."""
        sealing = SEALED.get(type_)
        if sealing is None:
            return data
        subject_field, names = sealing
        for name in names:
            if data.get(name) is not None:
                data[name] = self._plain(type_, position, event_id, key_id, name, data[name], data[subject_field])
        return data

    def _plain(
        self, type_: str, position: int, event_id: UUID, key_id: str | None, name: str, text: Any, who: str
    ) -> Any:
        wrong = self._findings.wrong
        self._findings.count("sealed fields")
        if key_id is None or key_id not in self._keys:
            wrong("seal.key_missing", position, f"{type_}.{name} names no key that is there")
            return None
        subject, key = self._keys[key_id]
        if str(subject) != who:
            wrong("seal.other_person", position, f"{type_}.{name} is sealed with another person's key")
            return None
        if key is None:
            return None
        try:
            raw = base64.b64decode(text, validate=True)
            bound = subject.bytes + event_id.bytes + name.encode()
            return msgspec.json.decode(key.decrypt(raw[:NONCE], raw[NONCE:], bound))
        except (InvalidTag, Base64Error, ValueError, TypeError, msgspec.DecodeError):
            wrong("seal.broken", position, f"{type_}.{name} does not open: changed, moved, or stored in plain")
            return None


def _unwrapped(
    wrapping: AESGCM, key_id: UUID, subject: UUID, wrapped: bytes | None, findings: Findings
) -> AESGCM | None:
    if wrapped is None:
        return None
    try:
        return AESGCM(wrapping.decrypt(wrapped[:NONCE], wrapped[NONCE:], subject.bytes + key_id.bytes))
    except (InvalidTag, ValueError):
        findings.wrong("keys.unreadable", key_id, "the wrapped key does not open under the platform's key")
        return None
