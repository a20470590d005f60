"""The reads that are served under the same address as the commands."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from infra.security.tokens import Verifier
from projections.product_page.view import SOURCE, Readers
from read_api.rest.answers import JSON, answering, problem
from read_api.rest.operation import AsOf, Operation
from read_api.rest.routes import catalogue, own

PREFIX = "/api/v1/rest"
CATALOGUE = (f"{PREFIX}/products", f"{PREFIX}/stock-items/")


def operations(readers: Readers, verifier: Verifier, as_of: AsOf) -> list[Operation]:
    """The table of all reads."""
    return [*catalogue.operations(readers, verifier), *own.operations(readers, verifier, as_of)]


def routes(reads: Sequence[Operation]) -> list[BaseRoute]:
    return [Route(f"{PREFIX}{read.path}", answering(read.endpoint), methods=["GET"]) for read in reads]


def kept(path: str) -> str | None:
    """What the route is called whose answers are kept until something changes; None: they are not."""
    if not path.startswith(CATALOGUE):
        return None
    parts = path.removeprefix(PREFIX).split("/")
    match parts:
        case ["", "products"]:
            return path
        case ["", "products", _]:
            return f"{PREFIX}/products/{{id}}"
        case ["", "products", _, "reviews"]:
            return f"{PREFIX}/products/{{id}}/reviews"
        case ["", "stock-items", _]:
            return f"{PREFIX}/stock-items/{{variant}}"
        case _:
            return None


def health(readers: Readers) -> list[BaseRoute]:
    """Alive: the loop turns. Ready: the read models have been seen."""

    async def live(request: Request) -> Response:
        return Response(b'{"status":"ok"}', media_type=JSON)

    async def ready(request: Request) -> Response:
        position = readers.freshness.position(SOURCE)
        if readers.freshness.usable(SOURCE, "sql", 0) is None and readers.freshness.usable(SOURCE, "mongo", 0) is None:
            return problem(request, "read.rebuilding", {"Retry-After": "1"}, position=position)
        return Response(b'{"status":"ready","position":%d}' % position, media_type=JSON)

    found: list[BaseRoute] = []
    for prefix in ("", PREFIX):
        found.append(Route(f"{prefix}/health/live", live, methods=["GET"]))
        found.append(Route(f"{prefix}/health/ready", ready, methods=["GET"]))
    return found
