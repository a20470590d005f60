"""The door on port 3002: documents over POST (GET for queries), subscriptions over graphql-transport-ws, GraphiQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from infra.security.bodies import BodyTooLarge, within
from infra.security.tokens import TokenInvalid, Verifier
from read_api.auth import viewer_of
from read_api.graphql.compiled.queries import Queries
from read_api.graphql.context import Context, Platform, new_context
from read_api.graphql.errors import Failed, coded, formatted
from read_api.graphql.playground import PAGE_POLICY
from read_api.kept.uses import uses_of
from read_api.wait_for import BadToken, need_of
from write_model.handling.catalogue import entry, language

LARGEST = 65_536  # bytes of a document with its variables
JSON = "application/json"
POSITION = b',"extensions":{"position":'
WEB = {OperationType.QUERY, OperationType.MUTATION}  # subscriptions go over the socket
RETRY = frozenset({429, 503})


class _Body(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """One ASGI application; `playground` is the GraphiQL page."""

    queries: Queries
    platform: Platform
    verifier: Verifier
    playground: str
    subscriptions: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self.subscriptions(scope, receive, send)
            return
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        locale = language(request.headers.get("accept-language"))
        if request.method in ("GET", "HEAD") and "query" not in request.query_params:
            return HTMLResponse(self.playground, headers=PAGE_POLICY)
        if request.method not in ("GET", "POST"):
            return self._failed(Failed("edge.method_not_allowed"), locale, {"Allow": "GET, POST"})
        try:
            body = await _body(request)
            viewer = viewer_of(self.verifier, request.headers.get("authorization"), request.headers.get("cart-session"))
            uses = uses_of(request.scope)
            context = await new_context(self.platform, viewer, need_of(request.headers), locale, uses)
        except (Failed, TokenInvalid, BadToken) as problem:
            return self._failed(problem, locale)
        except BodyTooLarge:
            return self._failed(Failed("edge.body_too_large", most=LARGEST), locale, {"Connection": "close"})
        return await self._execute(request, body, context)

    async def _execute(self, request: Request, body: _Body, context: Context) -> Response:
        try:
            allowed = {OperationType.QUERY} if request.method == "GET" else WEB
            result = await self.queries.execute(body.query, body.variables, body.operation_name, context, allowed)
        except (CannotGetOperationTypeError, MissingQueryError):
            return self._failed(Failed("edge.query_invalid", message="no such operation"), context.locale)
        except InvalidOperationTypeError as wrong:
            message = wrong.as_http_error_reason(request.method)
            return self._failed(Failed("edge.query_invalid", message=message), context.locale)
        except RecursionError:
            return self._failed(Failed("edge.query_too_deep"), context.locale)
        return _answered(body.query, result.data, result.errors, context)

    def _failed(self, problem: Exception, locale: str, headers: Mapping[str, str] | None = None) -> Response:
        code, details = coded(problem)
        error = {"message": entry(code).title(locale), "extensions": {"code": code, **details}}
        status = entry(code).status
        return Response(orjson.dumps({"errors": [error]}), status, {**(headers or {}), **_retry(status, details)}, JSON)


async def _body(request: Request) -> _Body:
    """Raises Failed: not JSON, unknown fields, wrong types; and BodyTooLarge."""
    if request.method == "GET":
        params = request.query_params
        variables = params.get("variables")
        try:
            return _Body(
                query=params["query"],
                variables=None if variables is None else msgspec.json.decode(variables, type=dict[str, Any]),
                operation_name=params.get("operationName"),
            )
        except msgspec.ValidationError as problem:
            raise Failed("edge.body_invalid", message=str(problem)) from None
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise Failed("edge.body_malformed") from None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise Failed("edge.media_type")
    raw = await within(request.stream(), request.headers.get("content-length"), LARGEST)
    try:
        return msgspec.json.decode(raw, type=_Body)
    except msgspec.ValidationError as problem:
        raise Failed("edge.body_invalid", message=str(problem)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Failed("edge.body_malformed") from None


def _answered(query: str, data: dict[str, Any] | None, errors: Sequence[GraphQLError], context: Context) -> Response:
    """200 as long as there is something to show; else the status of the first error's code."""
    told = [formatted(error, context.locale) for error in errors]
    answer: dict[str, Any] = {"data": data}
    headers: dict[str, str] = {}
    status = 200
    if told:
        answer["errors"] = told
        if data is None or all(value is None for value in data.values()):
            details: Any = told[0]["extensions"]
            status = entry(details["code"]).status
            headers = _retry(status, details)
        context.uses.unwatched = True
    if not context.positions:
        return Response(orjson.dumps(answer), status, headers, JSON)
    start = orjson.dumps(answer)[:-1] + POSITION
    if "position" not in query:  # else the data tell positions, too
        context.uses.parts = (start, b"}}")
    headers["Consistency-Token"] = str(max(context.positions))
    return Response(b"%b%d}}" % (start, min(context.positions)), status, headers, JSON)


def _retry(status: int, details: Mapping[str, Any]) -> dict[str, str]:
    if status not in RETRY:
        return {}
    return {"Retry-After": str(max(1, round(float(details.get("retryAfter", 1.0)))))}
