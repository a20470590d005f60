"""May this caller send this command to this aggregate? Asked with the states at hand, before anything is decided.

Another's thing is missing for a caller, exactly as if it had never been.
"""

from uuid import UUID

from write_model.handling.failures import Forbidden, SignInNeeded
from write_model.handling.request import Request
from write_model.handling.route import Route, States
from write_model.kernel.ids import category
from write_model.kernel.message import Actor
from write_model.kernel.refused import Kind, Refused

PLATFORM = frozenset({"process", "operator", "import"})  # actors that are the platform itself
ANONYMOUS, STAFF = "anonymous", "admin"


class NotSeen(Refused):
    """There is nothing there for this caller. The code is the room's own, so that nobody learns the difference."""

    code = "edge.not_seen"
    kind = Kind.MISSING

    def __init__(self, room: str) -> None:
        self.code = f"{room}.unknown"
        super().__init__()


def authorise(request: Request, route: Route, states: States) -> None:
    """Raises Forbidden, SignInNeeded, NotSeen."""
    actor = request.actor
    if actor.type in PLATFORM:
        return
    access = route.access
    if access.permission is not None and is_staff_with(request, access.permission):
        return
    if not access.owner and not access.anyone:
        raise SignInNeeded if actor.type == ANONYMOUS else Forbidden
    guarded = route.guard(request.command)
    state = states[guarded]
    if access.owner and not _owns(actor, request.session, state):
        if actor.type == ANONYMOUS and request.session is None:
            raise SignInNeeded
        raise NotSeen(category(guarded))
    _check_named(request)


def is_staff_with(request: Request, permission: str) -> bool:
    """A customer's permissions are about the customer's own things: they count for nothing here."""
    return request.actor.type == STAFF and has(request.permissions, permission)


def has(permissions: frozenset[str], wanted: str) -> bool:
    """`verb:noun`; `*` is everything, `verb:*` everything of that verb."""
    verb = wanted.partition(":")[0]
    return not permissions.isdisjoint({wanted, f"{verb}:*", "*"})


def _owns(actor: Actor, session: UUID | None, state: object) -> bool:
    """A customer's things are the customer's; a cart without a customer is its session's."""
    customer: UUID | None = getattr(state, "customer_id", None)
    if customer is not None:
        return actor.type == "customer" and actor.id == str(customer)
    held: UUID | None = getattr(state, "session_id", None)
    return held is not None and held == session


def _check_named(request: Request) -> None:
    """A command that names a customer names its sender."""
    named: UUID | None = getattr(request.command, "customer_id", None)
    if named is None:
        return
    if request.actor.type == ANONYMOUS:
        raise SignInNeeded
    if str(named) != request.actor.id:
        raise Forbidden
