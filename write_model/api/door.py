"""What do all routes share? The way from a request to the bus and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from infra.security.tokens import SigningKey, Verifier
from write_model.account.identity import Identity
from write_model.api.auth import Caller, caller
from write_model.api.bodies import Body
from write_model.api.problems import EdgeError, request_id
from write_model.api.reading import expected_version, idempotency_key
from write_model.handling.bus import Answer, Bus
from write_model.handling.request import Request as BusRequest
from write_model.kernel.clock import Clock
from write_model.kernel.ids import Ids
from write_model.kernel.message import Command

PREFIX = "/api/v1/rest"


class Told(Protocol):
    """The allow-listed facts of a provider's event."""

    @property
    def provider_event_id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def payment_ref(self) -> str | None: ...
    @property
    def order_id(self) -> UUID | None: ...
    @property
    def payment_id(self) -> UUID | None: ...
    @property
    def status(self) -> str | None: ...
    @property
    def amount_minor(self) -> int | None: ...
    @property
    def captured_minor(self) -> int | None: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def decline_code(self) -> str | None: ...
    @property
    def client_action(self) -> str | None: ...


class NotBelieved(Exception):
    """A webhook that is not signed by its provider, or not lately, or can't be read. `code` is for our log only."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


Believed = Callable[[bytes, str | None, datetime], Told]  # raw body, signature header, now. Raises NotBelieved


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Everything that the routes are handed."""

    bus: Bus
    identity: Identity
    verifier: Verifier
    signing_key: SigningKey
    webhook: Believed
    clock: Clock
    ids: Ids
    new_secret: Callable[[], UUID]  # of a cart session: nobody can guess it

    def caller(self, request: Request) -> Caller:
        return caller(request, self.verifier)

    async def send(
        self,
        request: Request,
        sender: Caller,
        command: Command,
        body: Body | None = None,
        *,
        key_required: bool = False,
    ) -> Answer:
        """The bus's answer. Raises EdgeError, and what the bus raises."""
        key = idempotency_key(request, required=key_required)
        scope = sender.scope
        if scope is None:
            if key is not None:
                raise EdgeError("edge.session_missing", "a key needs somebody whose it is")
            scope = "anonymous"
        content = b"" if body is None else body.model_dump_json(by_alias=True).encode()
        return await self.bus.handle(
            BusRequest(
                command=command,
                caller=scope,
                actor=sender.actor,
                permissions=sender.permissions,
                session=sender.session,
                key=key,
                fingerprint=self.bus.fingerprint(request.method.encode(), str(request.scope["path"]).encode(), content),
                expected=expected_version(request),
                trace=request_id(request) or None,
            )
        )


def answered(answer: Answer, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The body of the aggregate with version and position, and the headers that a client goes on with."""
    body = {**answer.body, "version": answer.version, "position": answer.position}
    sent = {"ETag": f'"{answer.version}"', "Consistency-Token": str(answer.position), **(headers or {})}
    if answer.replayed:
        sent["Idempotent-Replayed"] = "true"
    return Response(orjson.dumps(body), status, sent, "application/json")
