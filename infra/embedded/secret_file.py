"""With which secrets does a development run work? Its own, made once, in one file that only its owner reads.

Production gets its secrets from the environment and has no such file.
"""

import base64
import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

NAME = "secrets.json"


def path(data: Path) -> Path:
    return data / NAME


def read(data: Path) -> Mapping[str, str]:
    """kek, signing_key, head_key, stripe_api_key, stripe_webhook_secret; nothing when they are not made yet."""
    try:
        found: dict[str, str] = json.loads(path(data).read_text())
    except FileNotFoundError:
        return {}
    return found


def read_or_make(data: Path) -> Mapping[str, str]:
    """The secrets of this data folder; the first caller makes them, also among several at once."""
    found = read(data)
    if found:
        return found
    data.mkdir(parents=True, exist_ok=True)
    fd, made = tempfile.mkstemp(dir=data, prefix=f".{NAME}.")  # mode 0600
    with os.fdopen(fd, "w") as out:
        json.dump(_new(), out, indent=2)
        out.flush()
        os.fsync(out.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(made, path(data))  # fails where another was first, and never shows half a file
    Path(made).unlink()
    return read(data)


def _new() -> Mapping[str, str]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    def pem(key: Ed25519PrivateKey | RSAPrivateKey) -> str:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    return {
        "kek": base64.b64encode(secrets.token_bytes(32)).decode(),
        "signing_key": pem(generate_private_key(public_exponent=65537, key_size=2048)),
        "head_key": pem(Ed25519PrivateKey.generate()),
        "stripe_api_key": f"sk_test_{secrets.token_hex(16)}",
        "stripe_webhook_secret": f"whsec_{secrets.token_urlsafe(24)}",
    }
