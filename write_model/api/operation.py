"""One operation of the API: where it is, what it takes and answers, and which errors a client has to expect."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from write_model.api.bodies import Body

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A row of the API's table: it makes the route and its page in the contract."""

    method: str
    path: str  # below the prefix
    name: str  # of the operation, for generated clients
    summary: str
    tag: str
    endpoint: Endpoint
    body: type[Body] | None = None
    status: int = 200
    answer: str = "Answer"  # a schema of `contract.SCHEMAS`
    example: Mapping[str, object] = field(default_factory=dict)
    errors: tuple[str, ...] = ()  # codes of the rooms, beside those of every operation
    signed_in: bool = True  # False: anybody may
    session: bool = False  # a cart session will do, too
    key: bool = False  # the Idempotency-Key is required
    versioned: bool = True  # takes If-Match
    waits: bool = False  # takes Prefer: wait=N
    command: bool = True  # answers with position and token
