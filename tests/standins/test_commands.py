"""Do the stand-ins run as programs, and outlive a kill with what they know?"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from infra.embedded.ports import free_port
from infra.mail.smtp import SmtpMailer
from infra.ports import Mail
from tests.standins.stripe.calling import Caller
from tools.standins.stripe import main as stripe_main


@contextmanager
def program(name: str, *options: str, ends_with: int = signal.SIGTERM) -> Iterator[None]:
    """`name` runs inside the block, is ended with the signal after it."""
    command = [sys.executable, "-m", f"tools.standins.{name}.main", *options]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        assert running.stdout.readline() == f"ready {name}\n"
        yield
    finally:
        os.kill(running.pid, ends_with)
        running.wait(10)
        running.stdout.close()


async def test_stripe_keeps_money_and_keys_over_a_kill(tmp_path: Path) -> None:
    port = free_port()
    options = ("--port", str(port), "--data", str(tmp_path / "new" / "stripe.sqlite"))
    caller = Caller(f"http://127.0.0.1:{port}")
    with program("stripe", *options, ends_with=signal.SIGKILL):
        _, first = await caller.intent("k")
    with program("stripe", *options):
        _, again = await caller.intent("k")
        entries = (await caller.control("GET", "/ledger"))["entries"]
    await caller.http.aclose()
    assert again == first
    assert [entry["kind"] for entry in entries] == ["authorised"]


async def test_mail_is_still_there_after_a_kill(tmp_path: Path) -> None:
    smtp, http = free_port(), free_port()
    options = ("--smtp-port", str(smtp), "--http-port", str(http), "--data", str(tmp_path / "mail.sqlite"))
    with program("mail", *options, ends_with=signal.SIGKILL):
        mailer = SmtpMailer(f"smtp://127.0.0.1:{smtp}", "shop@example.test")
        await mailer.send(Mail("ana@example.test", "Hola", "t", "<p>h</p>"), "k1")
    with program("mail", *options):
        found = httpx2.get(f"http://127.0.0.1:{http}/messages?to=ana@example.test").json()
    assert [message["subject"] for message in found["messages"]] == ["Hola"]


def test_a_webhook_without_a_secret_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(stripe_main.SECRET_VARIABLE, raising=False)
    with pytest.raises(SystemExit):
        stripe_main.main(
            ["--port", "1", "--data", str(tmp_path / "s.sqlite"), "--webhook-url", "http://127.0.0.1:1/hook"]
        )
    assert not (tmp_path / "s.sqlite").exists()
