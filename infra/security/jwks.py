"""With which public keys are our tokens checked? The JWKS document (RFC 7517), made from the signing keys in use."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

ALGORITHM = "RS256"


def document(keys: Sequence[RSAPublicKey]) -> dict[str, Any]:
    """The newest key first; older ones stay until their last token has expired."""
    return {"keys": [{**_public(key), "kid": key_id(key), "use": "sig", "alg": ALGORITHM} for key in keys]}


def key_id(key: RSAPublicKey) -> str:
    """The key's thumbprint (RFC 7638): the same key has the same id everywhere."""
    public = _public(key)
    canonical = json.dumps({name: public[name] for name in ("e", "kty", "n")}, separators=(",", ":"), sort_keys=True)
    return urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _public(key: RSAPublicKey) -> dict[str, Any]:
    made = RSAAlgorithm.to_jwk(key, as_dict=True)
    return {name: made[name] for name in ("kty", "n", "e")}
