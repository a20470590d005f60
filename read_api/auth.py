"""Who reads, and may they see it? The same answer at every door."""

from dataclasses import dataclass
from uuid import UUID

from infra.security.tokens import Principal, TokenInvalid, Verifier
from write_model.kernel.ids import session

CUSTOMER = "user"  # the role; every other one is staff
PUBLIC = "public"
_SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody at a door: signed in, holding the secret of an anonymous cart, or nobody known."""

    principal: Principal | None = None
    session_id: UUID | None = None  # of an anonymous cart

    @property
    def customer_id(self) -> UUID | None:
        """Whose things are theirs."""
        return None if self.principal is None else self.principal.subject

    @property
    def is_staff(self) -> bool:
        """Whether permissions of the role count: a customer's come from owning things."""
        return self.principal is not None and self.principal.role != CUSTOMER

    @property
    def sees_all(self) -> bool:
        """Staff that read everybody's things."""
        return self.is_staff and self.principal is not None and self.principal.may("read:orders")

    @property
    def permissions(self) -> frozenset[str]:
        """Those of staff."""
        return self.principal.permissions if self.principal is not None and self.is_staff else frozenset()

    def owns(self, customer_id: str | UUID | None, session_id: str | UUID | None = None) -> bool:
        """Theirs, or they see all. What belongs to a session belongs to whoever holds its secret."""
        if self.sees_all:
            return True
        if customer_id is not None:
            return self.customer_id is not None and str(self.customer_id) == str(customer_id)
        return session_id is not None and self.session_id is not None and str(self.session_id) == str(session_id)

    def sees(self, audience: str) -> bool:
        """Of a public change: "public", "staff", or "customer:<id>"."""
        if audience == PUBLIC or self.sees_all:
            return True
        return self.customer_id is not None and audience == f"customer:{self.customer_id}"


def bearer(header: str | None) -> str | None:
    """The token of an Authorization header; None where there is none. Raises TokenInvalid for another scheme."""
    if not header:
        return None
    token = header[len(_SCHEME) :].strip()
    if not header.lower().startswith(_SCHEME) or not token:
        raise TokenInvalid("not a bearer token")
    return token


def viewer_of(verifier: Verifier, authorization: str | None, cart_session: str | None = None) -> Viewer:
    """Raises TokenInvalid or TokenExpired: a wrong token is never taken for none."""
    token = bearer(authorization)
    principal = None if token is None else verifier.verify(token)
    return Viewer(principal, session(cart_session))
