"""How does a request become an answer? Key, parameters, idempotency, the act, and the faults that were asked for."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request

from tools.standins.stripe import faults, form, params
from tools.standins.stripe.book import Body, Book, StoredAnswer
from tools.standins.stripe.confirming import Declined
from tools.standins.stripe.courier import Courier
from tools.standins.stripe.desk import API_VERSION, Desk
from tools.standins.stripe.errors import Refusal, malformed, unauthorised
from tools.standins.stripe.faults import Fault
from tools.standins.stripe.listing import expanded
from tools.standins.stripe.operations import Operation

KEY_SECONDS = 86_400
KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """`dropped`: the connection ends before the caller has it all."""

    status: int
    body: Body
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read and checked."""

    operation: Operation
    object_id: str
    given: Body
    key: str | None
    account: str
    fingerprint: str
    request_id: str
    base_url: str

    @property
    def stored_under(self) -> str | None:
        return f"{self.account}:{self.key}" if self.key else None


class Gateway:
    """Everything happens on one event loop: an act never waits, so none is half done when another begins."""

    def __init__(self, book: Book, courier: Courier, now: Callable[[], float]) -> None:
        self.book = book
        self.courier = courier
        self.now = now
        self.under_way: set[str] = set()

    async def answer(self, operation: Operation, request: Request) -> Answer:
        request_id = f"req_{secrets.token_hex(7)}"
        try:
            answer = await self._answer(operation, request, request_id)
        except Refusal as refused:
            answer = Answer(refused.status, refused.body(request_id))
        headers = {"Request-Id": request_id, "Stripe-Version": request.headers.get("stripe-version", API_VERSION)}
        return Answer(answer.status, answer.body, headers | answer.headers, answer.dropped)

    async def _answer(self, operation: Operation, request: Request, request_id: str) -> Answer:
        call = await _read(operation, request, request_id)
        stored_under = call.stored_under
        if stored_under is None:
            return await self._act(call)
        if stored_under in self.under_way:
            raise Refusal(
                409,
                "idempotency_error",
                f"There is currently another in-progress request using this Idempotent Key: {call.key}. Please try "
                "again later.",
                code="idempotency_key_in_use",
                stored=False,
            )
        if (stored := self._stored(stored_under, call)) is not None:
            return stored
        self.under_way.add(stored_under)
        try:
            return await self._act(call)
        finally:
            self.under_way.discard(stored_under)

    def _stored(self, stored_under: str, call: Call) -> Answer | None:
        stored = self.book.answer(stored_under)
        if stored is None or stored.at < self.now() - KEY_SECONDS:
            return None
        if stored.fingerprint != call.fingerprint:
            raise Refusal(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{call.key}' if you meant to execute a different request.",
                stored=False,
            )
        headers = {"Idempotent-Replayed": "true", "Original-Request": stored.request_id}
        return Answer(stored.status, stored.body, headers)

    async def _act(self, call: Call) -> Answer:
        given = params.read(call.given, call.operation.spec, call.operation.required)
        with self.book.transaction():
            fault = faults.take(self.book, call.operation.name)
        kind = fault.kind if fault else ""
        if fault and kind == "delay":
            await asyncio.sleep(fault.seconds)
        if kind.endswith("_before") or kind in ("fail_before_stored", "rate_limit"):
            return self._fail(call, kind)
        answer = self._perform(call, given, fault)
        self.courier.call()
        if fault and kind == "delay_after":
            await asyncio.sleep(fault.seconds)
        if kind == "fail_after":
            return Answer(500, _trouble().body(call.request_id))
        return Answer(answer.status, answer.body, answer.headers, dropped=kind == "drop_after")

    def _perform(self, call: Call, given: Body, fault: Fault | None) -> Answer:
        """The act and its stored answer, in one transaction."""
        try:
            with self.book.transaction():
                desk = Desk(self.book, self.now(), call.base_url, call.request_id, call.key)
                if fault and fault.kind == "alter_amount":
                    desk.alter = fault.amount
                answer = _done(call, given, desk)
                self._store(call, answer)
                return answer
        except Refusal as refused:
            answer = Answer(refused.status, refused.body(call.request_id))
            if refused.stored:
                with self.book.transaction():
                    self._store(call, answer)
            return answer

    def _fail(self, call: Call, kind: str) -> Answer:
        if kind == "rate_limit":
            limited = Refusal(
                429, "invalid_request_error", "Too many requests hit the API too quickly.", code="rate_limit"
            )
            return Answer(429, limited.body(call.request_id), {"Retry-After": "1"})
        answer = Answer(500, _trouble().body(call.request_id), dropped=kind == "drop_before")
        if kind == "fail_before_stored":
            with self.book.transaction():
                self._store(call, answer)
        return answer

    def _store(self, call: Call, answer: Answer) -> None:
        if (stored_under := call.stored_under) is not None:
            stored = StoredAnswer(call.fingerprint, answer.status, answer.body, call.request_id, int(self.now()))
            self.book.store_answer(stored_under, stored)


def _done(call: Call, given: Body, desk: Desk) -> Answer:
    try:
        body = call.operation.act(desk, call.object_id, given)
    except Declined as declined:
        return Answer(declined.refusal.status, declined.refusal.body(call.request_id))
    return Answer(200, expanded(desk, body, given.get("expand", [])))


async def _read(operation: Operation, request: Request, request_id: str) -> Call:
    account = _authorised(request)
    raw = await request.body() if operation.method == "POST" else request.url.query.encode()
    given = form.decode(raw)
    key = request.headers.get("idempotency-key") if operation.method == "POST" else None
    if key is not None and not 1 <= len(key) <= KEY_LENGTH:
        raise malformed(f"Idempotency keys have 1 to {KEY_LENGTH} characters.")
    told = json.dumps([operation.method, request.url.path, given], sort_keys=True)
    return Call(
        operation,
        request.path_params.get("id", ""),
        given,
        key,
        account,
        hashlib.sha256(told.encode()).hexdigest(),
        request_id,
        str(request.base_url).rstrip("/"),
    )


def _authorised(request: Request) -> str:
    """The account of the key. Any test key is good; a live key is not."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise unauthorised("You did not provide an API key. Provide it in the Authorization header, using Bearer auth.")
    if not token.startswith(("sk_test_", "rk_test_")):
        raise unauthorised(f"Invalid API Key provided: {token[:8]}****")
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def _trouble() -> Refusal:
    return Refusal(500, "api_error", "An unknown error occurred")
