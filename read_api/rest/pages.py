"""What people open in a browser: Swagger UI with the merged contract, and the demo's pictures. No internet needed."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from read_api.rest.answers import JSON
from read_api.rest.app import PREFIX
from read_api.rest.operation import Operation, paths, schemas

DOCS = f"{PREFIX}/docs"
ASSETS = f"{DOCS}/assets"
PAGE_POLICY = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'"
}
PAGE = f"""<!DOCTYPE html>
<html lang="es">
<head>
<meta charset="utf-8">
<title>TeLoCompro REST API</title>
<link rel="stylesheet" href="{ASSETS}/swagger-ui.css">
<link rel="icon" href="{ASSETS}/favicon.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{ASSETS}/swagger-ui-bundle.js"></script>
<script src="{DOCS}/start.js"></script>
</body>
</html>
"""
START = f"SwaggerUIBundle({{url: '{PREFIX}/openapi.json', dom_id: '#swagger-ui', deepLinking: true}});"


def merged(commands: Mapping[str, Any], reads: Sequence[Operation]) -> bytes:
    """One contract of commands and reads, as JSON."""
    document: dict[str, Any] = {**commands, "info": {**commands["info"], "title": "TeLoCompro"}}
    document["paths"] = {path: dict(methods) for path, methods in commands["paths"].items()}
    for path, methods in paths(PREFIX, reads).items():
        document["paths"].setdefault(path, {}).update(methods)
    components = dict(commands["components"])
    components["schemas"] = {**schemas(reads), **components["schemas"]}
    document["components"] = components
    return orjson.dumps(document)


def routes(contract: bytes, pictures: Path) -> list[BaseRoute]:
    """To be asked before the routes of the commands: they have a contract of their own alone."""

    async def document(request: Request) -> Response:
        return Response(contract, media_type=JSON)

    async def page(request: Request) -> Response:
        return HTMLResponse(PAGE, headers=PAGE_POLICY)

    async def start(request: Request) -> Response:
        return Response(START, media_type="text/javascript")

    async def home(request: Request) -> Response:
        return RedirectResponse(DOCS)

    pictures.mkdir(parents=True, exist_ok=True)
    return [
        Route("/", home),
        Route(f"{PREFIX}/openapi.json", document),
        Route(DOCS, page),
        Route(f"{DOCS}/start.js", start),
        Mount(ASSETS, StaticFiles(directory=swagger())),
        Mount("/images", StaticFiles(directory=pictures)),
    ]


def swagger() -> Path:
    """The folder of the installed files."""
    found = find_spec("fastapi_offline")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "static"
