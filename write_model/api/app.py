"""The command API: one application from its table of operations."""

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.observability.requests import RequestLog
from infra.security.headers import SecurityHeaders
from write_model.api import contract, problems
from write_model.api.auth import SESSION
from write_model.api.door import PREFIX, Door
from write_model.api.finding import Finder
from write_model.api.operation import Operation
from write_model.api.routes import carts, customers, notifications, orders, payments, products, stock, webhooks

EXPOSED = ("ETag", "Consistency-Token", "Idempotent-Replayed", "Location", "Retry-After", "X-Request-Id", SESSION)
ACCEPTED = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Prefer", "Consistency-Token", SESSION)


def operations(door: Door) -> list[Operation]:
    """Everything that a client can ask for."""
    rooms = (products, stock, carts, orders, payments, customers, notifications, webhooks)
    return [operation for room in rooms for operation in room.operations(door)]


def build_app(door: Door, *, origins: Sequence[str] = ()) -> FastAPI:
    """Routes below /api/v1/rest, problems for every failure, and the contract. `origins`: of browsers, allow-listed."""
    table = operations(door)
    app = FastAPI(title=contract.TITLE, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    for each in table:
        app.add_route(PREFIX + each.path, each.endpoint, methods=[each.method], name=each.name)
    found = [
        (route, each.endpoint) for route, each in zip(app.router.routes, table, strict=True) if isinstance(route, Route)
    ]
    described = orjson.dumps(contract.document(table))

    def openapi() -> dict[str, Any]:
        document: dict[str, Any] = orjson.loads(described)
        return document

    async def contract_page(request: Request) -> Response:
        return Response(described, media_type="application/json")

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of replacing it
    app.add_route(f"{PREFIX}/openapi.json", contract_page, methods=["GET"], include_in_schema=False)
    problems.install(app)
    app.add_middleware(Finder, routes=found, handlers=lambda: app.exception_handlers)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=list(ACCEPTED),
        expose_headers=list(EXPOSED),
        max_age=600,
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog, new_id=door.ids.new)
    return app
