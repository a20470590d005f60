"""How is a failure told over HTTP? As problem details (RFC 9457) with a stable code, in the client's language."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from infra.ports import Busy, Unavailable
from write_model.handling.catalogue import entry, language
from write_model.handling.failures import NewerThanCode, NotNow
from write_model.kernel.refused import Refused

MEDIA_TYPE = "application/problem+json"
TYPES = "https://telocompro.com/problems/"
RESERVED = frozenset({"type", "title", "status", "detail", "instance", "code", "errors", "traceId"})
UNAVAILABLE_FOR = 1.0  # seconds, told with Retry-After

Handler = Callable[[Request, Any], Awaitable[Response]]


class EdgeError(Exception):
    """What the edge itself turns down, before any rule is asked."""

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        errors: Sequence[Mapping[str, object]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}


def problem(
    request: Request,
    code: str,
    *,
    detail: str | None = None,
    errors: Sequence[Mapping[str, object]] = (),
    extras: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for a code of the catalogue. Extras are facts beside the standard members."""
    known = entry(code)
    spoken = language(request.headers.get("accept-language"))
    body: dict[str, object] = {
        **{name: value for name, value in (extras or {}).items() if name not in RESERVED},
        "type": TYPES + code,
        "title": known.title(spoken),
        "status": known.status,
        "instance": request.url.path[:500],
        "code": code,
        "traceId": request_id(request),
    }
    if detail is not None:
        body["detail"] = detail
    if errors:
        body["errors"] = list(errors)
    sent = {"Content-Language": spoken, **(headers or {})}
    if known.status == 401:
        sent["WWW-Authenticate"] = 'Bearer realm="telocompro"'
    return Response(orjson.dumps(body, default=str), known.status, sent, MEDIA_TYPE)


def request_id(request: Request) -> str:
    """What this request is called in logs and answers."""
    return str(getattr(request.state, "request_id", ""))


def install(app: FastAPI) -> None:
    """Every exception that can reach the edge becomes a problem."""
    handlers: dict[type[Exception], Handler] = {
        EdgeError: _edge,
        Refused: _refused,
        NotNow: _not_now,
        Busy: _busy,
        Unavailable: _unavailable,
        NewerThanCode: _newer,
        RequestValidationError: _parameters,
        HTTPException: _http,
        Exception: _bug,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _edge(request: Request, error: EdgeError) -> Response:
    return problem(request, error.code, detail=error.detail, errors=error.errors, headers=error.headers)


async def _refused(request: Request, refusal: Refused) -> Response:
    return problem(request, refusal.code, extras=refusal.details)


async def _not_now(request: Request, error: NotNow) -> Response:
    return problem(request, error.code, headers=_retry_after(error.retry_after))


async def _busy(request: Request, error: Busy) -> Response:
    return problem(request, "edge.busy", headers=_retry_after(error.retry_after))


async def _unavailable(request: Request, error: Unavailable) -> Response:
    return problem(request, "log.unavailable", headers=_retry_after(UNAVAILABLE_FOR))


async def _newer(request: Request, error: NewerThanCode) -> Response:
    structlog.stdlib.get_logger("api").error("log is newer than this code", type=error.type, schema=error.schema)
    return problem(request, error.code)


async def _parameters(request: Request, error: RequestValidationError) -> Response:
    errors = [
        {"pointer": "/" + "/".join(str(part) for part in each["loc"]), "code": each["type"], "message": each["msg"]}
        for each in error.errors()
    ]
    return problem(request, "edge.parameter_invalid", errors=errors)


async def _http(request: Request, error: HTTPException) -> Response:
    """What the router itself answers: no such path, or not by this method."""
    code = "edge.method_not_allowed" if error.status_code == 405 else "edge.not_found"
    return problem(request, code, headers=dict(error.headers or {}))


async def _bug(request: Request, error: Exception) -> Response:
    structlog.stdlib.get_logger("api").exception("not handled", exc_info=error)
    return problem(request, "edge.internal")


def _retry_after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, round(seconds)))}
