"""Was this asked before, and is the answer still true? Then it is sent at once, ahead of routing and all the rest.

The last middleware before the server: an answer is kept with all of its headers, except the request's own id.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from infra.observability.requests import HEADER, given_id
from infra.security.tokens import Principal, TokenInvalid, Verifier
from read_api.auth import bearer
from read_api.kept.answers import Answer, Answers, Key
from read_api.kept.uses import put_uses
from read_api.wait_for import BadToken, need_of
from write_model.handling.catalogue import language
from write_model.kernel.clock import Clock

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LONGEST = 65_536  # bytes of a question
_JSON = b"application/json"


class AccessLog(Protocol):
    """Says one line for each request."""

    @property
    def seconds(self) -> Callable[[], float]: ...

    def __call__(self, request_id: str, method: str, path: str, status: int, began: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Questions:
    """Which requests may have an answer that is kept: by method, where they are asked, and how the log calls that."""

    method: str
    name: Callable[[str], str | None]  # of a path; None: none of them


@dataclass(frozen=True, slots=True)
class _Asked:
    public: Key  # for an answer that is the same for everybody
    own: Key  # for one that depends on who asks
    at_least: int
    same: bytes | None  # If-None-Match


class Front:
    """ASGI middleware."""

    def __init__(
        self,
        app: App,
        answers: Answers,
        questions: Questions,
        verifier: Verifier,
        clock: Clock,
        new_id: Callable[[], object],
        say: AccessLog,
    ) -> None:
        self._app = app
        self._answers = answers
        self._questions = questions
        self._verifier = verifier
        self._clock = clock
        self._new_id = new_id
        self._say = say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = self._name(scope)
        if name is None:
            await self._app(scope, receive, send)
            return
        began = self._say.seconds()
        headers = dict(reversed(scope["headers"]))  # of several of one name the first counts
        body, again = await _body(headers, receive) if scope["method"] == "POST" else (b"", receive)
        asked = None if body is None else self._asked(scope, name, headers, body)
        if asked is None:
            await self._app(scope, again, send)
            return
        answer = self._answers.find(asked.public, asked.at_least) or self._answers.find(asked.own, asked.at_least)
        if answer is None or (answer.uses.until is not None and await self._has_passed(answer.uses.until)):
            await self._made(asked, scope, again, send)
            return
        request_id = given_id(headers[HEADER]) if HEADER in headers else None
        request_id = request_id or str(self._new_id())
        status = await _send(answer, asked.same, request_id, send)
        self._say(request_id, scope["method"], name, status, began)

    def _name(self, scope: Scope) -> str | None:
        if scope["type"] != "http" or scope["method"] != self._questions.method:
            return None
        return self._questions.name(scope["path"])

    def _asked(self, scope: Scope, name: str, headers: Mapping[bytes, bytes], body: bytes) -> _Asked | None:
        """None: it is for the door to say what is wrong with it."""
        get = headers.get
        if body and get(b"content-type", b"").partition(b";")[0].strip().lower() != _JSON:
            return None
        try:
            principal = self._principal(get(b"authorization"))
            at_least = _at_least(get(b"consistency-token"), get(b"prefer"))
        except (TokenInvalid, BadToken, UnicodeError):
            return None
        question = (scope["path"], scope["query_string"], body, _language(get(b"accept-language")), get(b"origin"))
        viewer = (principal, get(b"cart-session"))
        return _Asked((question, None), (question, viewer), at_least, get(b"if-none-match"))

    def _principal(self, authorization: bytes | None) -> Principal | None:
        """Raises TokenInvalid, TokenExpired."""
        token = None if authorization is None else bearer(authorization.decode("latin-1"))
        return None if token is None else self._verifier.verify(token)

    async def _has_passed(self, moment: str) -> bool:
        return (await self._clock.now()).strftime("%Y-%m-%dT%H:%M:%S.%fZ") >= moment

    async def _made(self, asked: _Asked, scope: Scope, receive: Receive, send: Send) -> None:
        uses = self._answers.begin()
        put_uses(scope, uses)
        heard = _Heard(send)
        await self._app(scope, receive, heard)
        if heard.status == 200 and heard.is_whole and uses.can_be_kept:
            headers = [(key.lower(), value) for key, value in heard.headers if key.lower() != HEADER]
            self._answers.keep(asked.own if uses.is_personal else asked.public, uses, headers, heard.body)


class _Heard:
    """Passes on what is sent, and remembers it while it is one piece."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self._pieces = 0

    @property
    def is_whole(self) -> bool:
        return self._pieces == 1

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self._pieces += 2 if message.get("more_body", False) else 1
            self.body = bytes(message.get("body", b""))
        await self._send(message)


async def _send(answer: Answer, same: bytes | None, request_id: str, send: Send) -> int:
    own = (HEADER, request_id.encode())
    if same is not None and _is_same(answer.tag, same):
        await send({"type": "http.response.start", "status": 304, "headers": [*answer.without_body, own]})
        await send({"type": "http.response.body", "body": b""})
        return 304
    await send({"type": "http.response.start", "status": 200, "headers": [*answer.headers, own]})
    await send({"type": "http.response.body", "body": answer.body})
    return 200


def _is_same(tag: bytes | None, given: bytes) -> bool:
    """As the door itself compares them."""
    known = [each.strip().removeprefix(b"W/") for each in given.split(b",")]
    return tag is not None and (b"*" in known or tag.removeprefix(b"W/") in known)


async def _body(headers: Mapping[bytes, bytes], receive: Receive) -> tuple[bytes | None, Receive]:
    """The whole body, and how it is received once more. None: too much, or the client has gone."""
    announced = headers.get(b"content-length", b"0")
    if not announced.isdigit() or len(announced) > 9 or int(announced) > LONGEST:
        return None, receive
    message = await receive()
    heard, body = [message], message.get("body", b"")
    while message["type"] == "http.request" and message.get("more_body", False) and len(body) <= LONGEST:
        message = await receive()
        heard.append(message)
        body += message.get("body", b"")
    heard.reverse()

    async def again() -> Message:
        return heard.pop() if heard else await receive()

    is_whole = message["type"] == "http.request" and not message.get("more_body", False) and len(body) <= LONGEST
    return bytes(body) if is_whole and body else None, again


def _at_least(token: bytes | None, prefer: bytes | None) -> int:
    """Raises BadToken."""
    if token is None:
        return 0
    given = {"consistency-token": token.decode("latin-1")}
    return need_of(given if prefer is None else {**given, "prefer": prefer.decode("latin-1")}).position


@lru_cache(1024)
def _language(accepted: bytes | None) -> str:
    return language(None if accepted is None else accepted.decode("latin-1"))
