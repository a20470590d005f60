"""A mutation's way to the bus: the same command, caller and key as over REST.

A key that was used over REST is known here, and the other way round: both name an intent by REST's method, path and
body.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from infra.ports import Unavailable
from read_api.auth import Viewer
from read_api.graphql.context import Context
from read_api.graphql.errors import Failed, UserError, user_error
from write_model.handling.bus import Answer, Request
from write_model.kernel.message import Actor, Command
from write_model.kernel.refused import Refused

PREFIX = "/api/v1/rest"
LONGEST_KEY = 255
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
ARGUMENTS: Mapping[str, str] = {  # of a mutation, by the code of its refusal
    "cart.unknown": "cartId",
    "cart.line_unknown": "line",
    "cart.quantity_out_of_range": "quantity",
    "cart.unknown_variant": "variantId",
    "stock.not_available": "quantity",
    "order.unknown": "orderId",
    "checkout.reason_invalid": "reason",
    "edge.key_reused": "key",
    "edge.version_differs": "expectedVersion",
}
NOT_YOURS = frozenset({"edge.sign_in_needed", "edge.forbidden"})  # errors of the request, no data of the mutation


@dataclass(frozen=True, slots=True)
class Intent:
    """What the client wants, as REST says it. `path` is below the prefix; no body: none is sent there."""

    method: str
    path: str
    body: Mapping[str, object] | None = None

    @property
    def parts(self) -> tuple[bytes, bytes, bytes]:
        """By which a key is told from its misuse."""
        content = b"" if self.body is None else msgspec.json.encode(self.body)
        return self.method.encode(), f"{PREFIX}{self.path}".encode(), content


@dataclass(frozen=True, slots=True)
class Sent:
    """The answer, or why the command was refused."""

    answer: Answer | None
    errors: list[UserError] = field(default_factory=list)


async def send(
    context: Context, command: Command, intent: Intent, key: str | None, expected: int | None = None
) -> Sent:
    """Raises Failed, Refused for who may not, and what can't be answered now: NotNow, Busy, NewerThanCode."""
    viewer = context.viewer
    caller = caller_of(viewer)
    if key is not None:
        if not _KEY.fullmatch(key):
            raise Failed("edge.key_invalid", most=LONGEST_KEY)
        if caller is None:
            raise Failed("edge.session_missing")
    bus = context.platform.bus
    request = Request(
        command=command,
        caller=caller or "anonymous",
        actor=actor_of(viewer),
        permissions=viewer.permissions,
        session=viewer.session_id,
        key=key,
        fingerprint=bus.fingerprint(*intent.parts),
        expected=expected,
    )
    try:
        answer = await bus.handle(request)
    except Refused as refusal:
        if refusal.code in NOT_YOURS:
            raise
        argument = ARGUMENTS.get(refusal.code)
        return Sent(None, [user_error(refusal, context.locale, [] if argument is None else [argument])])
    except Unavailable:
        raise Failed("log.unavailable", retryAfter=1.0) from None
    context.saw(answer.position)
    return Sent(answer)


def caller_of(viewer: Viewer) -> str | None:
    """The scope of an Idempotency-Key; None: nobody that could be recognised."""
    if viewer.customer_id is not None:
        return f"{'admin' if viewer.is_staff else 'customer'}:{viewer.customer_id}"
    return None if viewer.session_id is None else f"session:{viewer.session_id}"


def actor_of(viewer: Viewer) -> Actor:
    """Whom the event will name."""
    if viewer.principal is None:
        return Actor("anonymous", "")
    return Actor("admin" if viewer.is_staff else "customer", str(viewer.principal.subject))
