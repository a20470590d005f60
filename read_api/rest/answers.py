"""How does a read answer? The document as it is stored, its position, a validator, or problem details."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from infra.ports import Unavailable
from infra.security.tokens import TokenExpired, TokenInvalid
from projections.order_history.view import BadCursor
from projections.product_page.view import Behind, LostFuture, Page, Rebuilding
from read_api.kept.uses import uses_of
from read_api.wait_for import BadToken
from write_model.handling.catalogue import entry, language

JSON = "application/json"
PROBLEM = "application/problem+json"
TYPES = "https://telocompro.com/problems/"

Endpoint = Callable[[Request], Awaitable[Response]]


class NotThere(Exception):
    """There is no such thing for this caller."""


class SignInNeeded(Exception):
    """The list is a customer's own."""


class BadParameter(Exception):
    """A query parameter that can't be read."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name)
        self.name, self.message = name, message


def found(request: Request, document: object, position: int, version: int | None = None) -> Response:
    """200 with ETag and position, or 304. `version`: where the document is a fold of one stream alone."""
    body = msgspec.json.encode(document)
    uses_of(request.scope).parts = (body, None)
    return _tagged(request, body, position, f'"{version}"' if version is not None else _digest(body))


def found_page(
    request: Request, page: Page[Any], shown: Callable[[Any], object] = lambda document: document
) -> Response:
    """The same for a list. The tag is of what it lists: it stays while the log goes on with other things."""
    items = [shown(document) for _, document in page.items]
    last = page.items[-1][0] if page.has_next and page.items else None
    start = msgspec.json.encode({"items": items, "next": last})
    tag = _digest(start)
    start = start[:-1] + b',"position":'
    uses_of(request.scope).parts = (start, b"}")
    return _tagged(request, b"%b%d}" % (start, page.position), page.position, tag)


def _digest(content: bytes) -> str:
    return f'W/"{hashlib.sha256(content).hexdigest()[:16]}"'


def _tagged(request: Request, body: bytes, position: int, tag: str) -> Response:
    headers = {"ETag": tag, "Consistency-Token": str(position), "Cache-Control": "private, no-cache"}
    known = [given.strip().removeprefix("W/") for given in request.headers.get("if-none-match", "").split(",")]
    if "*" in known or tag.removeprefix("W/") in known:
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, JSON)


def problem(request: Request, code: str, headers: Mapping[str, str] | None = None, **extras: object) -> Response:
    """RFC 9457, in the client's language, with the catalogue's code."""
    known, spoken = entry(code), language(request.headers.get("accept-language"))
    body: dict[str, Any] = {
        **extras,
        "type": TYPES + code,
        "title": known.title(spoken),
        "status": known.status,
        "instance": request.url.path[:500],
        "code": code,
        "traceId": str(getattr(request.state, "request_id", "")),
    }
    sent = {"Content-Language": spoken, **(headers or {})}
    if known.status == 401:
        sent["WWW-Authenticate"] = 'Bearer realm="telocompro"'
    return Response(msgspec.json.encode(body), known.status, sent, PROBLEM)


def answering(endpoint: Endpoint) -> Endpoint:
    """Everything expected that an endpoint raises becomes a problem."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except NotThere:
            return problem(request, "edge.not_found")
        except SignInNeeded:
            return problem(request, "edge.sign_in_needed")
        except BadParameter as wrong:
            errors = [{"pointer": f"/query/{wrong.name}", "code": "invalid", "message": wrong.message}]
            return problem(request, "edge.parameter_invalid", errors=errors)
        except BadCursor:
            return problem(request, "edge.parameter_invalid", detail="no cursor of this list under this sort")
        except BadToken:
            return problem(request, "edge.parameter_invalid", detail="no Consistency-Token of ours")
        except TokenExpired:
            return problem(request, "edge.token_expired")
        except TokenInvalid:
            return problem(request, "edge.token_invalid")
        except Behind as late:
            retry = {"Retry-After": "1"}
            return problem(request, "read.behind", retry, position=late.position, lagMs=late.lag_ms)
        except LostFuture as lost:
            return problem(request, "read.lost_future", head=lost.head)
        except Rebuilding as away:
            retry = {"Retry-After": str(max(1, round(away.retry_after)))}
            return problem(request, "read.rebuilding", retry, position=away.position)
        except Unavailable:
            return problem(request, "read.rebuilding", {"Retry-After": "1"})

    return answer
