"""Who calls, and what may they do? Access tokens: RS256, fifteen minutes, checked against the JWKS alone."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from infra.security import jwks

ISSUER = "https://telocompro.com"
AUDIENCE = "telocompro"
LIFETIME = 900  # seconds
_LONGEST = 8_192  # characters of a token
_REMEMBERED = 10_000  # verified tokens
_AHEAD = 60  # seconds that another host's clock may be ahead of ours

ROLES: Mapping[str, frozenset[str]] = {
    "user": frozenset({"read:products", "write:cart", "write:orders"}),  # their own
    "admin": frozenset(
        {
            "read:*",
            "write:products",
            "write:categories",
            "write:orders",
            "write:stock",
            "write:deliveries",
            "write:credit",
            "write:promotions",
            "write:users",
        }
    ),
    "superadmin": frozenset({"*"}),
}


class TokenInvalid(Exception):
    """Not a token of ours. The message never holds it."""


class TokenExpired(TokenInvalid):
    """It was ours."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who has signed in."""

    subject: UUID
    role: str
    permissions: frozenset[str]

    @classmethod
    def of(cls, subject: UUID, role: str) -> "Principal":
        """With the permissions of the role. Raises KeyError."""
        return cls(subject, role, ROLES[role])

    def may(self, permission: str) -> bool:
        """`verb:noun`; `*` is everything, `verb:*` everything of that verb."""
        verb = permission.partition(":")[0]
        return not self.permissions.isdisjoint({permission, f"{verb}:*", "*"})


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A parsed private key: parsing costs more than signing."""

    private: RSAPrivateKey = field(repr=False)
    key_id: str

    @classmethod
    def from_pem(cls, pem: str) -> "SigningKey":
        """Raises ValueError when it is not an RSA private key."""
        key = load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("not an RSA private key")
        return cls(key, jwks.key_id(key.public_key()))

    @property
    def public(self) -> RSAPublicKey:
        return self.private.public_key()


def sign(principal: Principal, key: SigningKey, now: datetime, seconds: int = LIFETIME) -> str:
    """An access token that is valid for so many seconds from `now`."""
    issued = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(principal.subject),
        "role": principal.role,
        "scope": " ".join(sorted(principal.permissions)),
        "iat": issued,
        "exp": issued + seconds,
    }
    return jwt.encode(claims, key.private, algorithm=jwks.ALGORITHM, headers={"kid": key.key_id})


class Verifier:
    """Checks tokens against the keys of a JWKS document, and remembers those it has checked until they expire."""

    def __init__(self, document: Mapping[str, Any], seconds: Callable[[], float] = time.time) -> None:
        self._keys = {str(key.key_id): key.key for key in jwt.PyJWKSet.from_dict(dict(document)).keys}
        self._seconds = seconds  # since 1970
        self._known: dict[bytes, tuple[Principal, int]] = {}

    def verify(self, token: str) -> Principal:
        """Raises TokenInvalid, TokenExpired."""
        if len(token) > _LONGEST:
            raise TokenInvalid("too long")
        digest = hashlib.sha256(token.encode(errors="replace")).digest()
        known = self._known.get(digest)
        if known is None:
            known = self._checked(token)
            self._remember(digest, known)
        principal, expires = known
        if expires <= self._seconds():
            self._known.pop(digest, None)
            raise TokenExpired("expired")
        return principal

    def _checked(self, token: str) -> tuple[Principal, int]:
        try:
            key = self._keys[str(jwt.get_unverified_header(token).get("kid"))]
            claims = jwt.decode(
                token,
                key,
                algorithms=[jwks.ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={
                    "require": ["exp", "iat", "sub", "aud", "iss", "role", "scope"],
                    "verify_exp": False,  # by our own clock, with the remembered ones
                    "verify_iat": False,
                },
            )
            principal = Principal(UUID(claims["sub"]), str(claims["role"]), frozenset(str(claims["scope"]).split()))
            issued, expires = int(claims["iat"]), int(claims["exp"])
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, AttributeError):
            raise TokenInvalid("not valid") from None
        if issued > self._seconds() + _AHEAD:
            raise TokenInvalid("issued in the future")
        return principal, expires

    def _remember(self, digest: bytes, known: tuple[Principal, int]) -> None:
        if len(self._known) >= _REMEMBERED:
            now = self._seconds()
            self._known = {key: value for key, value in self._known.items() if value[1] > now}
            while len(self._known) >= _REMEMBERED:
                del self._known[next(iter(self._known))]  # the oldest
        self._known[digest] = known
