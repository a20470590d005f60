"""What does a process say while it works? One JSON object a line, with no secret and no personal data in it.

Fields: timestamp, level, service, message, requestId and userId where they are known, error {type, code} for failures.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TextIO

import orjson
import structlog

from infra.observability.batches import BATCH_SECONDS, BatchedHandler

REDACTED = "[redacted]"
_LEVELS = {"warning": "WARN", "critical": "ERROR", "exception": "ERROR"}
_SECRET_KEYS = re.compile(
    r"pass(word|wd|phrase)|token|secret|authori[sz]ation|cookie|api_?key|signing_?key|private|credential|kek\b"
    r"|e_?mail|address|phone|street|first_?name|last_?name|full_?name|birth|card_?number|cvc",
    re.IGNORECASE,
)
_SECRET_VALUES = re.compile(
    r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]+"  # a token
    r"|\b(?:sk|rk|pk)_(?:live|test)_\w+|\bwhsec_[\w+/=-]+"  # keys of the payment provider
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user and password of a URL
    r"|(?i:\bbearer\s+)[\w.~+/=-]+"
    r"|-----BEGIN[^-]+PRIVATE KEY-----[\s\S]*?(?:-----END[^-]+-----|$)"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # somebody's mail address
)
_DEEPEST = 6

Entry = structlog.typing.EventDict


def configure(service: str, level: str = "INFO", stream: TextIO | None = None, *, batched: bool = False) -> None:
    """Once, in a main: this process's own lines and those of its libraries go out in one form, to standard error.

    Batched: several at a time, for a process that says a line for each request.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.stdlib.add_log_level,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _error,
            _Fields(service),
            _json,
        ],
    )
    written = stream or sys.stderr
    handler = BatchedHandler(written, BATCH_SECONDS) if batched else logging.StreamHandler(written)
    handler.set_name(service)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "dramatiq"):  # they bring handlers and levels
        library = logging.getLogger(name)
        library.handlers[:] = []
        library.setLevel(logging.NOTSET)
        library.disabled, library.propagate = False, True
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def logger(name: str = "telocompro") -> "structlog.typing.FilteringBoundLogger":
    """Says lines: `logger().info("order placed", position=7)`."""
    made: structlog.typing.FilteringBoundLogger = structlog.get_logger(name)
    return made


def bind(**fields: object) -> AbstractContextManager[None]:
    """Within the block every line of this task carries the fields, such as `requestId` and `userId`."""
    return structlog.contextvars.bound_contextvars(**fields)


def redact(value: object, depth: int = 0) -> Any:
    """The same without secrets: under telling names, and of a telling form anywhere in a text."""
    if isinstance(value, str):
        return _SECRET_VALUES.sub(REDACTED, value)
    if isinstance(value, bytes):
        return f"[{len(value)} bytes]"
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= _DEEPEST:
        return "[…]"
    if isinstance(value, Mapping):
        return {
            str(key): REDACTED if _SECRET_KEYS.search(str(key)) else redact(inner, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, Sequence | set | frozenset):
        return [redact(inner, depth + 1) for inner in value]
    return redact(str(value), depth)


class _Fields:
    """Names as the log's readers know them, the service on every line, and nothing secret."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: object, _method: str, entry: Entry) -> Entry:
        said = dict(entry)
        level = str(said.pop("level", "info"))
        line = {
            "timestamp": said.pop("timestamp", None),
            "level": _LEVELS.get(level, level.upper()),
            "service": self._service,
            "message": redact(said.pop("event", "")),
        }
        return {**line, **redact(said)}


def _error(_logger: object, _method: str, entry: Entry) -> Entry:
    """An exception as type, code and the lines it came through; never the values of variables."""
    info = entry.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        trace = "".join(traceback.format_tb(error.__traceback__)) if error.__traceback__ else ""
        entry["error"] = {
            "type": type(error).__name__,
            "code": getattr(error, "code", None),
            "detail": str(error),
            "trace": trace,
        }
    return entry


def _json(_logger: object, _method: str, entry: Entry) -> str:
    return orjson.dumps(entry, default=str).decode()
