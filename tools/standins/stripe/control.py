"""The side that Stripe does not have: tests ask for trouble, play the customer, and read the ledger."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from tools.standins.stripe import (
    confirming,
    deliveries,
    faults,
    ledger,
    payment_intents,
    refunds,
    searching,
    setup_intents,
)
from tools.standins.stripe.book import Body, Book
from tools.standins.stripe.courier import Courier
from tools.standins.stripe.desk import Desk
from tools.standins.stripe.errors import Refusal, visible
from tools.standins.stripe.faults import Fault


async def _json(request: Request) -> Body:
    """The body's object. Raises ValueError."""
    raw = await request.body()
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise ValueError("a JSON object is expected")
    return body


def _refused(reason: str, status: int = 400) -> JSONResponse:
    return JSONResponse({"error": reason}, status)


class Control:
    """The handlers of `/_control`."""

    def __init__(self, book: Book, courier: Courier, now: Callable[[], float], restore: Callable[[], None]) -> None:
        self.book = book
        self.courier = courier
        self.now = now
        self.restore = restore

    async def health(self) -> Body:
        return {"status": "ready"}

    # ------------------------------------------------------------ trouble

    async def add_fault(self, request: Request) -> JSONResponse:
        try:
            fault = Fault.of(await _json(request))
        except (ValueError, TypeError) as wrong:
            return _refused(str(wrong))
        with self.book.transaction():
            faults.add(self.book, fault)
        return JSONResponse(asdict(fault), 201)

    async def read_faults(self) -> Body:
        return {"faults": [asdict(each) for each in faults.planned(self.book)]}

    async def drop_faults(self) -> Body:
        self._wish(faults.FAULTS, None)
        return {"faults": []}

    async def set_policy(self, request: Request) -> JSONResponse:
        try:
            policy = asdict(deliveries.Policy.of(await _json(request)))
        except (ValueError, TypeError) as wrong:
            return _refused(str(wrong))
        self._wish(deliveries.POLICY, policy)
        return JSONResponse(policy)

    async def read_policy(self) -> Body:
        return asdict(deliveries.Policy.of(self.book.wish(deliveries.POLICY) or {}))

    async def drop_policy(self) -> Body:
        self._wish(deliveries.POLICY, None)
        return asdict(deliveries.Policy())

    async def set_search_lag(self, request: Request) -> JSONResponse:
        lag = (await _json(request)).get("seconds")
        if isinstance(lag, bool) or not isinstance(lag, int | float) or lag < 0:
            return _refused("seconds must be a number from 0 on")
        self._wish(searching.LAG, lag)
        return JSONResponse({"seconds": lag})

    # ------------------------------------------------------------ webhooks

    async def release(self, request: Request) -> JSONResponse:
        order = (await _json(request)).get("order", "original")
        if order not in ("original", "reversed"):
            return _refused("order must be original or reversed")
        with self.book.transaction():
            count = deliveries.release(self.book, self.now(), order)
        self.courier.call()
        return JSONResponse({"released": count})

    async def resend(self, request: Request) -> JSONResponse:
        event = (await _json(request)).get("event", "")
        with self.book.transaction():
            count = deliveries.send_again(self.book, str(event), self.now())
        self.courier.call()
        return JSONResponse({"queued": count}) if count else _refused("no such event was ever queued", 404)

    async def read_deliveries(self, limit: int = 100) -> Body:
        return {"deliveries": deliveries.shown(self.book, min(max(limit, 1), 10_000))}

    # ------------------------------------------------------------ the customer, the bank, the calendar

    async def authenticate(self, object_id: str, request: Request) -> JSONResponse:
        succeed = (await _json(request)).get("succeed", True)
        if not isinstance(succeed, bool):
            return _refused("succeed must be true or false")
        setting_up = object_id.startswith("seti_")
        act = setup_intents.authenticate if setting_up else confirming.authenticate
        return self._act(request, lambda desk: act(desk, object_id, succeed))

    async def expire(self, object_id: str, request: Request) -> JSONResponse:
        return self._act(request, lambda desk: payment_intents.expire(desk, object_id))

    async def settle(self, object_id: str, request: Request) -> JSONResponse:
        return self._act(request, lambda desk: refunds.settle(desk, object_id))

    # ------------------------------------------------------------ money

    async def read_ledger(self, order_id: str | None = None) -> Body:
        return {"entries": self.book.ledger(order_id)}

    async def read_balances(self, order_id: str | None = None) -> Body:
        return {"balances": ledger.balances(self.book.ledger(order_id))}

    async def reset(self) -> Body:
        """Forget everything but the webhook endpoint of the command line."""
        self.book.empty()
        self.restore()
        return {"status": "empty"}

    def _wish(self, name: str, value: Any) -> None:
        with self.book.transaction():
            self.book.set_wish(name, value)

    def _act(self, request: Request, act: Callable[[Desk], Body]) -> JSONResponse:
        try:
            with self.book.transaction():
                done = act(Desk(self.book, self.now(), str(request.base_url).rstrip("/")))
        except Refusal as refused:
            return JSONResponse(refused.body("control"), refused.status)
        self.courier.call()
        return JSONResponse(visible(done))


def router(control: Control) -> APIRouter:
    routes = APIRouter(prefix="/_control")
    for method, path, act in (
        ("GET", "/health", control.health),
        ("POST", "/faults", control.add_fault),
        ("GET", "/faults", control.read_faults),
        ("DELETE", "/faults", control.drop_faults),
        ("PUT", "/webhooks", control.set_policy),
        ("GET", "/webhooks", control.read_policy),
        ("DELETE", "/webhooks", control.drop_policy),
        ("POST", "/webhooks/release", control.release),
        ("POST", "/webhooks/resend", control.resend),
        ("GET", "/webhooks/deliveries", control.read_deliveries),
        ("PUT", "/search-lag", control.set_search_lag),
        ("POST", "/payment_intents/{object_id}/authenticate", control.authenticate),
        ("POST", "/setup_intents/{object_id}/authenticate", control.authenticate),
        ("POST", "/payment_intents/{object_id}/expire", control.expire),
        ("POST", "/refunds/{object_id}/settle", control.settle),
        ("GET", "/ledger", control.read_ledger),
        ("GET", "/balances", control.read_balances),
        ("POST", "/reset", control.reset),
    ):
        routes.add_api_route(path, act, methods=[method], response_model=None)
    return routes
