"""Is there one line for each request, in one form, however it goes out, and is none lost at the end?"""

import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from infra.observability import logs
from infra.observability.batches import MOST_WAITING, BatchedHandler
from infra.observability.requests import RequestLog

SOON = 10.0  # seconds


@pytest.fixture
def configured() -> Iterator[Callable[..., io.StringIO]]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def configure(*, batched: bool) -> io.StringIO:
        stream = io.StringIO()
        logs.configure("http", stream=stream, batched=batched)
        return stream

    yield configure
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def asked(path: str, request_id: bytes | None = None, status: int = 200) -> dict[bytes, bytes]:
    """The headers of the answer."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Any:
        raise AssertionError("nobody asked for the body")

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [] if request_id is None else [(b"x-request-id", request_id)]
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
    await RequestLog(app, lambda: "made-here")(scope, receive, send)
    return dict(sent[0]["headers"])


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("batched", [False, True])
async def test_a_request_has_one_line_of_one_form(configured: Callable[..., io.StringIO], batched: bool) -> None:
    stream = configured(batched=batched)
    headers = await asked("/orders/7", status=404)
    logging.getLogger().handlers[0].flush()

    [line] = lines(stream)
    assert headers[b"x-request-id"] == b"made-here"
    assert sorted(line) == sorted(
        ["timestamp", "level", "service", "message", "method", "path", "status", "milliseconds", "requestId"]
    )
    named = ("level", "service", "message", "method", "path", "status", "requestId")
    assert [line[name] for name in named] == ["INFO", "http", "request", "GET", "/orders/7", 404, "made-here"]
    assert line["timestamp"].endswith("Z")
    assert len(line["timestamp"]) == len("2026-11-24T14:36:21.069633Z")


async def test_what_a_caller_chose_is_kept_and_holds_no_secret(configured: Callable[..., io.StringIO]) -> None:
    stream = configured(batched=True)
    assert (await asked("/x", b"mine-1"))[b"x-request-id"] == b"mine-1"
    assert (await asked("/x", b"not fit\n"))[b"x-request-id"] == b"made-here"
    await asked("/customers/ana@example.com", b"sk_test_4eC39HqLyjW")
    logging.getLogger().handlers[0].flush()

    assert [line["requestId"] for line in lines(stream)] == ["mine-1", "made-here", logs.REDACTED]
    assert "ana@example.com" not in stream.getvalue()


def test_lines_wait_for_each_other_and_keep_their_order() -> None:
    written = threading.Event()

    class Stream(io.StringIO):
        writes = 0

        def write(self, text: str) -> int:
            self.writes += 1
            return super().write(text)

        def flush(self) -> None:
            written.set()

    stream = Stream()
    handler = BatchedHandler(stream, 0.05)
    for number in range(100):
        handler.say(str(number))
    assert written.wait(SOON)
    handler.flush()

    assert stream.getvalue().split() == [str(number) for number in range(100)]
    assert stream.writes <= 3


def test_more_than_may_wait_goes_out_at_once() -> None:
    stream = io.StringIO()
    handler = BatchedHandler(stream, 3600.0)
    for _ in range(MOST_WAITING):
        handler.say("x")

    assert len(stream.getvalue()) == 2 * MOST_WAITING


def test_a_failure_goes_out_at_once_with_all_that_was_said_before(configured: Callable[..., io.StringIO]) -> None:
    stream = configured(batched=True)
    log = logs.logger()
    log.info("before")
    log.error("failed")

    assert [line["message"] for line in lines(stream)] == ["before", "failed"]


@pytest.mark.parametrize("ending", ["", "raise SystemExit(3)", "raise ValueError('a bug')"])
def test_no_line_is_lost_when_a_process_ends(ending: str) -> None:
    program = (
        "from infra.observability import logs\n"
        "logs.configure('http', batched=True)\n"
        "for number in range(500): logs.logger().info('line', number=number)\n"
        f"{ending}\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    told = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]
    assert [line["number"] for line in told] == list(range(500))
