"""Operations are found by the parts of their paths; everything else is left to the router behind."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from write_model.api.finding import Finder


class Wrong(Exception):
    """What an endpoint may raise."""


class Unforeseen(Exception):
    """What nobody handles."""


async def shown(request: Request) -> Response:
    parameters = " ".join(f"{name}={value}" for name, value in request.path_params.items())
    return PlainTextResponse(f"{request.method} {request.scope['route'].path} {parameters}".strip())


async def failing(request: Request) -> Response:
    raise Wrong if request.path_params["id"] == "1" else Unforeseen


async def told(request: Request, error: Exception) -> Response:
    return PlainTextResponse(type(error).__name__, 409)


async def behind(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("behind")(scope, receive, send)


def a_finder() -> Finder:
    routes = [
        (Route("/carts", shown, methods=["POST"]), shown),
        (Route("/carts/{id}/items/{line}", shown, methods=["DELETE"]), shown),
        (Route("/customers/me", shown, methods=["PATCH"]), shown),
        (Route("/orders/{id}", failing, methods=["POST"]), failing),
    ]
    return Finder(behind, routes, lambda: {Wrong: told, Exception: told})


async def asked(method: str, path: str, **more: Any) -> tuple[int, str]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b"", **more}
    await a_finder()(scope, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("POST", "/carts", "POST /carts"),
        ("DELETE", "/carts/c 1/items/l2", "DELETE /carts/{id}/items/{line} id=c 1 line=l2"),
        ("PATCH", "/customers/me", "PATCH /customers/me"),
    ],
)
async def test_an_operation_is_found_with_its_parameters(method: str, path: str, answer: str) -> None:
    assert await asked(method, path) == (200, answer)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/carts"),
        ("POST", "/carts/"),
        ("DELETE", "/carts/1/items/"),
        ("DELETE", "/carts/1/items"),
        ("PATCH", "/customers/you"),
        ("POST", "/orders"),
    ],
)
async def test_what_is_not_in_the_table_is_left_to_the_router(method: str, path: str) -> None:
    assert await asked(method, path) == (200, "behind")


async def test_below_another_root_the_router_decides() -> None:
    assert await asked("POST", "/carts", root_path="/shop") == (200, "behind")


async def test_what_an_endpoint_raises_is_told_by_its_handler() -> None:
    assert await asked("POST", "/orders/1") == (409, "Wrong")


async def test_what_nobody_foresaw_is_left_to_the_server() -> None:
    with pytest.raises(Unforeseen):
        await asked("POST", "/orders/2")


def test_a_parameter_has_one_name() -> None:
    routes = [(Route(path, shown, methods=["POST"]), shown) for path in ("/carts/{id}/items", "/carts/{cart}/price")]
    with pytest.raises(ValueError, match="cart"):
        Finder(behind, routes, dict)
