"""Is this webhook Stripe's, and fresh? Decided over the raw bytes, before anything reads them."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

TOLERANCE = 300  # seconds
LARGEST_BODY = 1_000_000
LONGEST_HEADER = 4096


class WebhookRefused(Exception):
    """The body is not believed. `code` is for the answer and the log; the body itself goes nowhere."""

    code = "webhook.refused"


class SignatureMissing(WebhookRefused):
    code = "webhook.signature_missing"


class SignatureWrong(WebhookRefused):
    code = "webhook.signature_wrong"


class SignatureStale(WebhookRefused):
    code = "webhook.signature_stale"


class BodyUnreadable(WebhookRefused):
    code = "webhook.body_unreadable"


class SecretMissing(ValueError):
    """A verifier without a secret would believe everybody: it is not made."""


class WebhookVerifier:
    """Holds the secrets: the present one, and the old one while it is being rotated."""

    def __init__(self, secrets: Sequence[str], tolerance: int = TOLERANCE) -> None:
        if isinstance(secrets, str) or not secrets or not all(secret.strip() for secret in secrets):
            raise SecretMissing("every webhook secret must be given, and none may be empty")
        self._secrets = tuple(secret.encode() for secret in secrets)
        self._tolerance = tolerance

    def __repr__(self) -> str:
        return f"WebhookVerifier({len(self._secrets)} secrets)"

    def verified(self, raw: bytes, header: str | None, now: datetime) -> dict[str, Any]:
        """The event. Raises WebhookRefused."""
        if len(raw) > LARGEST_BODY:
            raise BodyUnreadable("too long")
        at, signatures = _parts(header)
        self._check(raw, at, signatures)
        if abs(now.timestamp() - int(at)) > self._tolerance:
            raise SignatureStale(f"signed more than {self._tolerance} s from now")
        try:
            event = json.loads(raw)
        except ValueError as wrong:
            raise BodyUnreadable("no JSON") from wrong
        if not isinstance(event, dict):
            raise BodyUnreadable("no JSON object")
        return event

    def _check(self, raw: bytes, at: str, signatures: Sequence[bytes]) -> None:
        """Compares every pair, in constant time."""
        good = False
        for secret in self._secrets:
            expected = hmac.new(secret, at.encode() + b"." + raw, hashlib.sha256).hexdigest().encode()
            for signature in signatures:
                good |= hmac.compare_digest(expected, signature)
        if not good:
            raise SignatureWrong("no signature fits")


def verified(
    raw: bytes, header: str | None, secrets: Sequence[str], now: datetime, tolerance: int = TOLERANCE
) -> dict[str, Any]:
    """The event in a webhook's raw body. Raises WebhookRefused; SecretMissing without a secret."""
    return WebhookVerifier(secrets, tolerance).verified(raw, header, now)


def _parts(header: str | None) -> tuple[str, list[bytes]]:
    """Time and v1 signatures of `t=…,v1=…,v1=…`. Raises SignatureMissing."""
    if not header or len(header) > LONGEST_HEADER:
        raise SignatureMissing("no usable Stripe-Signature")
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    signatures = [value.encode() for name, _, value in pairs if name == "v1" and value]
    if len(times) != 1 or not _is_time(times[0]) or not signatures:
        raise SignatureMissing("no usable Stripe-Signature")
    return times[0], signatures


def _is_time(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 12
