"""Is a token taken only when it is ours, whole and in time?"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from infra.security import jwks
from infra.security.tokens import AUDIENCE, ISSUER, Principal, SigningKey, TokenExpired, TokenInvalid, Verifier, sign

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ALICE = Principal.of(UUID(int=7), "user")


def new_key() -> SigningKey:
    private = generate_private_key(public_exponent=65537, key_size=2048)
    return SigningKey.from_pem(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


KEY = new_key()


class Hand:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now.timestamp()


def verifier(clock: Hand | None = None, *keys: SigningKey) -> Verifier:
    return Verifier(jwks.document([key.public for key in keys or (KEY,)]), clock or Hand())


def forged(key: RSAPrivateKey | str, algorithm: str = "RS256", without: str = "", **changed: Any) -> str:
    issued = int(NOW.timestamp())
    claims: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(ALICE.subject), "role": "user"}
    claims |= {"scope": "read:products", "iat": issued, "exp": issued + 900} | changed
    claims.pop(without, None)
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": KEY.key_id})


def test_a_signed_token_says_who_calls() -> None:
    assert verifier().verify(sign(ALICE, KEY, NOW)) == ALICE


def test_a_token_lives_fifteen_minutes_also_when_it_is_remembered() -> None:
    clock = Hand()
    checks = verifier(clock)
    token = sign(ALICE, KEY, NOW)
    checks.verify(token)

    clock.now = NOW + timedelta(seconds=899)
    assert checks.verify(token) == ALICE
    clock.now = NOW + timedelta(seconds=900)
    with pytest.raises(TokenExpired):
        checks.verify(token)
    with pytest.raises(TokenExpired):
        checks.verify(token)


def test_a_token_that_was_never_seen_before_its_end_is_expired() -> None:
    with pytest.raises(TokenExpired):
        verifier(Hand(NOW + timedelta(hours=1))).verify(sign(ALICE, KEY, NOW))


def test_a_changed_token_is_refused_though_the_true_one_is_remembered() -> None:
    checks = verifier()
    token = sign(ALICE, KEY, NOW)
    checks.verify(token)
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    more = base64.urlsafe_b64encode(json.dumps({**claims, "role": "admin", "scope": "*"}).encode()).rstrip(b"=")

    with pytest.raises(TokenInvalid):
        checks.verify(f"{head}.{more.decode()}.{signature}")


def test_another_key_under_our_key_id_is_refused() -> None:
    with pytest.raises(TokenInvalid):
        verifier().verify(forged(new_key().private))


def test_an_unknown_key_id_is_refused() -> None:
    with pytest.raises(TokenInvalid):
        verifier().verify(sign(ALICE, new_key(), NOW))


def test_no_signature_and_the_public_key_as_a_password_are_refused() -> None:
    public = KEY.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    for token in (
        jwt.encode({"sub": str(ALICE.subject)}, "", algorithm="none", headers={"kid": KEY.key_id}),
        forged(base64.b64encode(public).decode(), "HS256"),
    ):
        with pytest.raises(TokenInvalid):
            verifier().verify(token)


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "role", "scope", "iat", "exp"])
def test_every_claim_must_be_there(claim: str) -> None:
    with pytest.raises(TokenInvalid):
        verifier().verify(forged(KEY.private, without=claim))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"sub": "seven"},
        {"exp": "soon"},
        {"exp": None},
        {"iat": int(NOW.timestamp()) + 3600},
    ],
    ids=str,
)
def test_a_claim_with_another_value_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        verifier().verify(forged(KEY.private, **changed))


@pytest.mark.parametrize(
    "text", ["", "a", "a.b.c", "…", "x" * 100_000, "\ud800"], ids=["", "a", "abc", "…", "long", "half"]
)
def test_what_is_no_token_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(TokenInvalid) as refused:
        verifier().verify(text)

    assert len(str(refused.value)) < 50


def test_tokens_of_the_old_key_hold_while_it_is_published() -> None:
    old = new_key()

    assert verifier(None, KEY, old).verify(sign(ALICE, old, NOW)) == ALICE


def test_the_document_holds_public_numbers_only() -> None:
    [published] = jwks.document([KEY.public])["keys"]

    assert set(published) == {"kty", "n", "e", "kid", "use", "alg"}
    assert published["kid"] == KEY.key_id


@pytest.mark.parametrize(
    ("role", "permission", "may"),
    [
        ("user", "write:cart", True),
        ("user", "write:products", False),
        ("admin", "read:anything", True),
        ("admin", "write:products", True),
        ("admin", "write:cart", False),
        ("superadmin", "write:cart", True),
    ],
)
def test_a_role_may_what_its_permissions_say(role: str, permission: str, may: bool) -> None:
    assert Principal.of(UUID(int=1), role).may(permission) is may


def test_a_role_that_nobody_knows_has_no_permissions() -> None:
    with pytest.raises(KeyError):
        Principal.of(UUID(int=1), "owner")
