"""Does a line say what happened, in one form, and keep its secrets?"""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from infra.observability import logs

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"


class Lines:
    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def last(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.stream.getvalue().splitlines()[-1])
        return said

    @property
    def text(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    said = Lines()
    logs.configure("orders", "DEBUG", said.stream)
    yield said
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_a_line_has_the_fields_that_its_readers_look_for(lines: Lines) -> None:
    with logs.bind(requestId="r-1", userId="u-1"):
        logs.logger().warning("stock is low", variant="v-1", left=2)

    assert lines.last["timestamp"].endswith("Z")
    assert {name: lines.last[name] for name in ("level", "service", "message", "requestId", "userId", "left")} == {
        "level": "WARN",
        "service": "orders",
        "message": "stock is low",
        "requestId": "r-1",
        "userId": "u-1",
        "left": 2,
    }


def test_what_a_library_had_set_before_does_not_silence_it(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    logs.configure("orders", "DEBUG", lines.stream)
    logging.getLogger("uvicorn.error").info("listening")

    assert lines.last["message"] == "listening"


def test_what_was_bound_ends_with_its_block(lines: Lines) -> None:
    with logs.bind(requestId="r-1"):
        logs.logger().info("inside")
    logs.logger().info("outside")

    assert "requestId" not in lines.last


def test_a_librarys_line_has_the_same_form(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").info("listening on %s", "3001")

    assert lines.last["message"] == "listening on 3001"
    assert (lines.last["level"], lines.last["service"]) == ("INFO", "orders")


def test_a_failure_has_its_type_and_code_and_no_values(lines: Lines) -> None:
    class Refused(Exception):
        code = "stock.not_available"

    password = "hunter2-in-a-variable"  # noqa: F841 it must not show
    try:
        raise Refused("of ana@example.com")
    except Refused:
        logs.logger().exception("command failed")

    assert lines.last["level"] == "ERROR"
    assert lines.last["error"]["type"] == "Refused"
    assert lines.last["error"]["code"] == "stock.not_available"
    assert "test_logs" in lines.last["error"]["trace"]
    assert "ana@example.com" not in lines.text


@pytest.mark.parametrize(
    "secret",
    [
        {"password": "hunter2"},
        {"accessToken": "hunter2"},
        {"Authorization": "Basic hunter2"},
        {"STRIPE_WEBHOOK_SECRET": "hunter2"},
        {"email": "hunter2"},
        {"shippingAddress": {"street": "hunter2"}},
        {"nested": [{"deep": {"api_key": "hunter2"}}]},
        {"why": f"because of {JWT} hunter2"[:-8]},
        {"url": "postgresql://me:hunter2@db/main"},
    ],
    ids=lambda secret: next(iter(secret)),
)
def test_a_secret_shows_under_no_name(lines: Lines, secret: dict[str, Any]) -> None:
    logs.logger().info("said", **secret)

    assert "hunter2" not in lines.text
    assert JWT not in lines.text
    assert logs.REDACTED in lines.text


@pytest.mark.parametrize("secret", [JWT, "sk_test_4eC39HqLyjW", "whsec_abc123", "Bearer abc.def", "ana@example.com"])
def test_a_secret_shows_in_no_message(lines: Lines, secret: str) -> None:
    logs.logger().info(f"got {secret} from a client")
    logging.getLogger("library").info("got %s from a client", secret)

    assert secret not in lines.text
    assert lines.text.count(logs.REDACTED) == 2


def test_what_json_does_not_know_is_said_as_text(lines: Lines) -> None:
    logs.logger().info("odd", value=object(), raw=b"secret", items={1, 2})

    assert lines.last["raw"] == "[6 bytes]"
    assert "object object" in lines.last["value"]
