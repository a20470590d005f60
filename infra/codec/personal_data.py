"""How is a field about a person sealed, so that it can't be read without the key, nor be moved elsewhere?

AES-256-GCM under the data subject's key. Associated data: subject, event id, field. Text form: base64 of nonce and
ciphertext with its tag.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.ports import DataKey

NONCE = 12  # bytes


class SealBroken(Exception):
    """Not what was sealed there: changed, or moved from another event, field or person."""

    def __init__(self, event_id: UUID, field: str) -> None:
        super().__init__(f"field {field} of event {event_id} does not decrypt")
        self.event_id = event_id
        self.field = field


def seal(key: DataKey, event_id: UUID, field: str, plain: bytes, nonce: bytes) -> str:
    """The text to store. A nonce is used once: 12 random bytes."""
    sealed = AESGCM(key.secret).encrypt(nonce, plain, _bound_to(key.subject, event_id, field))
    return b64encode(nonce + sealed).decode()


def unseal(key: DataKey, subject: UUID, event_id: UUID, field: str, text: str) -> bytes:
    """What was sealed. Raises SealBroken."""
    if key.subject != subject:
        raise SealBroken(event_id, field)
    try:
        raw = b64decode(text, validate=True)
        return AESGCM(key.secret).decrypt(raw[:NONCE], raw[NONCE:], _bound_to(subject, event_id, field))
    except (InvalidTag, Base64Error, ValueError):
        raise SealBroken(event_id, field) from None


def _bound_to(subject: UUID, event_id: UUID, field: str) -> bytes:
    return b"%b%b%b" % (subject.bytes, event_id.bytes, field.encode())
