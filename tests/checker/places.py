"""Where is what a run has written? Its run.json names the stores, the secrets beside it open what is sealed."""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class NoSuchRun(Exception):
    """There is no run.json, or it names no stores, or a secret is missing. The message holds no secret."""


@dataclass(frozen=True, slots=True)
class Places:
    """URLs (they may hold passwords: never shown) and the keys that the checker needs."""

    postgres: str
    keys: str
    redis: str
    mongo: str
    stripe: str | None  # of the stand-in; None: the run has none
    mail: str | None  # of the sink's pages; None: the run has none
    kek: bytes  # wraps the data keys of persons


def read_places(run: Path) -> Places:
    """Raises NoSuchRun."""
    told = _json(run)
    urls = told.get("urls")
    if not isinstance(urls, dict) or not all(urls.get(name) for name in ("postgres", "keys", "redis", "mongo")):
        raise NoSuchRun(f"{run} names no stores")
    return Places(
        postgres=urls["postgres"],
        keys=urls["keys"],
        redis=urls["redis"],
        mongo=urls["mongo"],
        stripe=urls.get("stripe"),
        mail=urls.get("mail_pages"),
        kek=_kek(run),
    )


def _kek(run: Path) -> bytes:
    """The environment wins over the run's own file, as it does for the platform."""
    text = os.environ.get("TELOCOMPRO_KEK") or _json(run.parent / "secrets.json").get("kek", "")
    try:
        key = base64.b64decode(str(text), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise NoSuchRun("the key-encryption key is not there (TELOCOMPRO_KEK, or secrets.json beside run.json)")
    return key


def _json(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_text())
    except (OSError, json.JSONDecodeError):
        raise NoSuchRun(f"{file} can't be read") from None
    if not isinstance(found, dict):
        raise NoSuchRun(f"{file} holds no object")
    return found
