"""The stand-in as an application: Stripe's namespace under /v1, ours under /_control, a page for 3-D Secure."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tools.standins.stripe import endpoints
from tools.standins.stripe.book import Book
from tools.standins.stripe.control import Control, router
from tools.standins.stripe.courier import Courier
from tools.standins.stripe.errors import Refusal
from tools.standins.stripe.gateway import Answer, Gateway
from tools.standins.stripe.operations import OPERATIONS, Operation

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>3-D Secure test page</title>
<body style="font-family:sans-serif;max-width:32rem;margin:4rem auto">
<h1>3-D Secure test page</h1><p>Payment <code>{intent}</code> of {amount} {currency} is {status}.</p>
<button onclick="end(true)">Complete authentication</button>
<button onclick="end(false)">Fail authentication</button><p id="told"></p>
<script>
async function end(succeed) {{
  const answer = await fetch("/_control/payment_intents/{intent}/authenticate",
    {{method: "POST", body: JSON.stringify({{succeed}})}});
  const body = await answer.json();
  document.getElementById("told").textContent = answer.ok ? "It is now " + body.status : body.error.message;
}}
</script></body></html>"""


@dataclass(frozen=True, slots=True)
class Webhook:
    """The endpoint given on the command line."""

    url: str
    secret: str
    types: Sequence[str] = ("*",)  # of the events that it wants


class Dropped(Response):
    """Promises more than it sends: the server then closes the connection in the middle."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"4096"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def build(data: Path | None, webhook: Webhook | None, now: Callable[[], float] = time.time) -> FastAPI:
    """`data` None: kept in memory only."""
    book = Book(data)
    courier = Courier(book, now)
    gateway = Gateway(book, courier, now)

    def restore() -> None:
        if webhook is not None:
            endpoints.configure(book, int(now()), webhook.url, webhook.secret, webhook.types)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        restore()
        running = asyncio.create_task(courier.run())
        yield
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        book.close()

    app = FastAPI(title="Stripe stand-in", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    for operation in OPERATIONS:
        app.add_route(f"/v1{operation.path}", _handler(gateway, operation), methods=[operation.method])
    app.add_api_route("/v1/{path:path}", _unknown, methods=["GET", "POST", "DELETE", "PUT", "PATCH"])
    app.include_router(router(Control(book, courier, now, restore)))
    app.add_api_route("/3d-secure/{intent_id}", _page(book), methods=["GET"], response_class=HTMLResponse)
    return app


def _handler(gateway: Gateway, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        return _response(await gateway.answer(operation, request))

    return handle


def _response(answer: Answer) -> Response:
    if answer.dropped:
        return Dropped()
    return JSONResponse(answer.body, answer.status, headers=answer.headers)


async def _unknown(request: Request) -> JSONResponse:
    message = f"Unrecognized request URL ({request.method}: {request.url.path})."
    refused = Refusal(404, "invalid_request_error", message)
    return JSONResponse(refused.body("req_unknown"), 404)


def _page(book: Book) -> Callable[[str], Awaitable[HTMLResponse]]:
    async def page(intent_id: str) -> HTMLResponse:
        intent = book.get("payment_intent", intent_id)
        if intent is None:
            return HTMLResponse("<h1>No such payment</h1>", 404)
        shown = PAGE.format(
            intent=escape(intent["id"]),
            amount=intent["amount"],
            currency=escape(intent["currency"].upper()),
            status=escape(intent["status"].replace("_", " ")),
        )
        return HTMLResponse(shown)

    return page
