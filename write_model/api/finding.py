"""Which operation is asked for? Found by the parts of its path, instead of trying one pattern after the other.

The router behind would say the same; it answers for what is not in the table: unknown paths, wrong methods, pages.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from write_model.api.operation import Endpoint

Handlers = Callable[[], Mapping[Any, Callable[..., Any]]]  # of exceptions, by class


@dataclass(slots=True)
class _Place:
    """A part of a path: what may follow, and what stands here by method."""

    named: dict[str, "_Place"] = field(default_factory=dict)
    free: "_Place | None" = None
    name: str = ""  # of the free part
    routes: dict[str, tuple[Route, Endpoint]] = field(default_factory=dict)


class Finder:
    """ASGI middleware, the innermost. `handlers` are asked for once something has gone wrong."""

    def __init__(self, app: ASGIApp, routes: Sequence[tuple[Route, Endpoint]], handlers: Handlers) -> None:
        self._app = app
        self._handlers = handlers
        self._root = _Place()
        for route, endpoint in routes:
            self._add(route, endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = self._find(scope) if scope["type"] == "http" and not scope.get("root_path") else None
        found = place.routes.get(scope["method"]) if place is not None else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["route"], endpoint = found
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except Exception as error:
            handler = self._handler(error)
            if handler is None:
                raise
            response = await handler(request, error)
        await response(scope, receive, send)

    def _add(self, route: Route, endpoint: Endpoint) -> None:
        """Raises ValueError for a parameter that has another name in another path."""
        place = self._root
        for part in route.path.split("/"):
            if part.startswith("{"):
                place.free = place.free or _Place(name=part[1:-1])
                place = place.free
                if place.name != part[1:-1]:
                    raise ValueError(f"{route.path}: elsewhere {part} is called {place.name}")
            else:
                place = place.named.setdefault(part, _Place())
        for method in route.methods or ():
            place.routes[method] = (route, endpoint)

    def _find(self, scope: Scope) -> _Place | None:
        """Sets the path's parameters where it finds something."""
        place, given = self._root, dict[str, str]()
        for part in scope["path"].split("/"):
            further = place.named.get(part)
            if further is None:
                further = place.free
                if further is None or not part:
                    return None
                given[further.name] = part
            place = further
        scope["path_params"] = given
        return place

    def _handler(self, error: Exception) -> Callable[..., Any] | None:
        """The nearest one. None: nobody foresaw it, and the server says so."""
        handlers = self._handlers()
        return next(
            (handlers[kind] for kind in type(error).__mro__[:-2] if kind in handlers and kind is not Exception), None
        )
