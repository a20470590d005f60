"""Who calls, and in whose name? A token, a cart session, or nobody known."""

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request

from infra.security.tokens import Principal, TokenExpired, TokenInvalid, Verifier
from write_model.api.problems import EdgeError
from write_model.handling.failures import SignInNeeded
from write_model.kernel.ids import session
from write_model.kernel.message import Actor

CUSTOMER = "user"  # the role; every other one is staff
SESSION = "Cart-Session"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a command, as the bus wants to know it."""

    actor: Actor
    scope: str | None  # of idempotency keys; None: nobody that could be recognised
    principal: Principal | None
    session: UUID | None

    @property
    def permissions(self) -> frozenset[str]:
        """Those of staff."""
        staff = self.principal is not None and self.principal.role != CUSTOMER
        return self.principal.permissions if staff and self.principal is not None else frozenset()

    @property
    def customer_id(self) -> UUID:
        """Raises SignInNeeded."""
        if self.principal is None:
            raise SignInNeeded
        return self.principal.subject


def caller(request: Request, verifier: Verifier) -> Caller:
    """Raises EdgeError for a token that is wrong or has expired: it is never taken for none."""
    held = session(request.headers.get(SESSION))
    header = request.headers.get("authorization")
    if not header:
        return Caller(Actor("anonymous", ""), None if held is None else f"session:{held}", None, held)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise EdgeError("edge.token_invalid")
    try:
        principal = verifier.verify(token.strip())
    except TokenExpired:
        raise EdgeError("edge.token_expired") from None
    except TokenInvalid:
        raise EdgeError("edge.token_invalid") from None
    kind = "customer" if principal.role == CUSTOMER else "admin"
    return Caller(Actor(kind, str(principal.subject)), f"{kind}:{principal.subject}", principal, held)
