"""The inbox for tests (JSON) and for people (HTML)."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from html import escape
from typing import Any

from fastapi import FastAPI, Query
from fastapi.responses import HTMLResponse, JSONResponse

from tools.standins.mail.inbox import Inbox

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>Mail sink</title><body style="font-family:sans-serif;max-width:60rem;margin:2rem auto">
<h1>Mail sink</h1><p>{kept} messages, {deliveries} deliveries. Nothing leaves this machine.</p>
<table cellpadding="6"><tr><th>at</th><th>to</th><th>subject</th><th>deliveries</th></tr>{rows}</table></body></html>"""
ROW = '<tr><td>{at}</td><td>{to}</td><td><a href="/messages/{id}/html">{subject}</a></td><td>{deliveries}</td></tr>'
# What a letter holds is shown, never run.
SHOWN_ONLY = {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"}


def build(inbox: Inbox, receiving: Callable[[], AbstractAsyncContextManager[None]]) -> FastAPI:
    """`receiving` is held open while the application runs: the SMTP side."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with receiving():
            yield
        inbox.close()

    app = FastAPI(title="Mail sink", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)

    async def messages(to: str | None = None, limit: int = Query(100, ge=1, le=1000)) -> dict[str, Any]:
        return {"messages": inbox.messages(to, limit)} | inbox.count()

    async def message(number: int) -> JSONResponse:
        found = inbox.message(number)
        return JSONResponse(found) if found else JSONResponse({"error": "no such message"}, 404)

    async def html(number: int) -> HTMLResponse:
        found = inbox.message(number)
        if found is None:
            return HTMLResponse("<h1>No such message</h1>", 404)
        return HTMLResponse(found["html"] or f"<pre>{escape(found['text'])}</pre>", headers=SHOWN_ONLY)

    async def empty() -> dict[str, int]:
        inbox.empty()
        return inbox.count()

    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE.format(rows="".join(_row(each) for each in inbox.messages()), **inbox.count()))

    app.add_api_route("/", page, methods=["GET"], response_class=HTMLResponse)
    app.add_api_route("/messages", messages, methods=["GET"], response_model=None)
    app.add_api_route("/messages", empty, methods=["DELETE"], response_model=None)
    app.add_api_route("/messages/{number}", message, methods=["GET"], response_model=None)
    app.add_api_route("/messages/{number}/html", html, methods=["GET"], response_class=HTMLResponse)
    return app


def _row(message: dict[str, Any]) -> str:
    return ROW.format(
        at=escape(message["at"]),
        to=escape(", ".join(message["recipients"])),
        id=message["id"],
        subject=escape(message["subject"]) or "(no subject)",
        deliveries=message["deliveries"],
    )
