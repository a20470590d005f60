"""Runs a mail sink for a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from infra.embedded.ports import free_port
from tests.standins.serving import serving
from tools.standins.mail.app import build
from tools.standins.mail.inbox import Inbox
from tools.standins.mail.receiving import receiving

KEPT = 20


@dataclass(frozen=True, slots=True)
class Sink:
    """Where it takes mail and where it shows it."""

    smtp: str
    http: str

    def messages(self, to: str | None = None) -> dict[str, Any]:
        answer = httpx2.get(f"{self.http}/messages", params={"to": to} if to else None)
        assert answer.is_success
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def running_sink() -> Iterator[Sink]:
    port = free_port()
    inbox = Inbox(None, KEPT)
    with serving(build(inbox, lambda: receiving(inbox, "127.0.0.1", port))) as url:
        yield Sink(f"smtp://127.0.0.1:{port}", url)
