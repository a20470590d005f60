"""A mutation's way to the bus: the same command, caller and key as over REST."""

from dataclasses import dataclass, field

import msgspec

from read_api.auth import Viewer
from read_api.graphql.context import Context, caller_of
from read_api.graphql.errors import Failed, UserError, user_error
from write_model.handling.bus import Answer, Request
from write_model.kernel.message import Actor, Command
from write_model.kernel.refused import Refused

LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Sent:
    """The answer, or why the command was refused."""

    answer: Answer | None
    errors: list[UserError] = field(default_factory=list)


async def send(
    context: Context,
    command: Command,
    body: tuple[object, ...],
    key: str | None,
    expected: int | None = None,
) -> Sent:
    """`body`: what the client said, by which a key is told from its misuse. Raises Failed and NotNow."""
    if key is not None and not 1 <= len(key) <= LONGEST_KEY:
        raise Failed("edge.key_invalid", most=LONGEST_KEY)
    bus, viewer = context.platform.bus, context.viewer
    request = Request(
        command=command,
        caller=caller_of(viewer) or "anonymous",
        actor=actor_of(viewer),
        permissions=viewer.permissions,
        session=viewer.session_id,
        key=key,
        fingerprint=bus.fingerprint(msgspec.json.encode(body)),
        expected=expected,
    )
    try:
        answer = await bus.handle(request)
    except Refused as refusal:
        return Sent(None, [user_error(refusal, context.locale, [str(body[0])])])
    context.saw(answer.position)
    return Sent(answer)


def actor_of(viewer: Viewer) -> Actor:
    """Whom the event will name."""
    if viewer.principal is None:
        return Actor("anonymous", "")
    return Actor("admin" if viewer.is_staff else "customer", str(viewer.principal.subject))
