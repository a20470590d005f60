"""What does a read ask for? Path and query parameters, within their bounds."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.requests import Request

from infra.security.tokens import Verifier
from projections.product_page.view import Readers
from read_api.auth import Viewer, viewer_of
from read_api.kept.uses import Uses, uses_of
from read_api.rest.answers import BadParameter, NotThere, SignInNeeded
from read_api.wait_for import BIGGEST, need_of, position_of, reach

MOST = 100  # entries of a page
USUAL = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """Who asks, and how fresh it must be; made once per request."""

    asker: Viewer
    readers: Readers
    request: Request

    @property
    def uses(self) -> Uses:
        """What the answer rests on."""
        return uses_of(self.request.scope)

    @property
    def viewer(self) -> Viewer:
        """Whoever looks at it makes an answer for this viewer alone."""
        self.uses.is_personal = True
        return self.asker

    async def at_least(self, *sources: object) -> int:
        """Wait for the reader's position; the position to read at. Raises Behind, Rebuilding, BadToken."""
        need = need_of(self.request.headers)
        await reach(self.readers, need, *sources)
        return need.position

    @property
    def customer_id(self) -> UUID:
        """Raises SignInNeeded."""
        if self.viewer.customer_id is None:
            raise SignInNeeded
        return self.viewer.customer_id


def reading(request: Request, readers: Readers, verifier: Verifier) -> Reading:
    """Raises TokenInvalid, TokenExpired."""
    headers = request.headers
    return Reading(viewer_of(verifier, headers.get("authorization"), headers.get("cart-session")), readers, request)


def identity(request: Request, name: str) -> str:
    """An id of the path; one that is no UUID names nothing. Raises NotThere."""
    try:
        return str(UUID(request.path_params[name]))
    except ValueError:
        raise NotThere from None


def limit(request: Request) -> int:
    """Raises BadParameter."""
    return whole(request, "limit", 1, MOST) or USUAL


def whole(request: Request, name: str, lowest: int = 0, highest: int = BIGGEST) -> int | None:
    """A whole number between the bounds; None: not given. Raises BadParameter."""
    given = request.query_params.get(name)
    if given is None:
        return None
    number = position_of(given)
    if number is None or not lowest <= number <= highest:
        raise BadParameter(name, f"a whole number from {lowest} to {highest}")
    return number


def truth(request: Request, name: str) -> bool | None:
    """Raises BadParameter."""
    given = request.query_params.get(name)
    if given not in (None, "true", "false"):
        raise BadParameter(name, "true or false")
    return None if given is None else given == "true"


def moment(request: Request, name: str) -> int | datetime | None:
    """A position of the log, or a moment with its offset (RFC 3339). Raises BadParameter."""
    given = request.query_params.get(name)
    if given is None:
        return None
    position = position_of(given)
    if position is not None:
        return position
    try:
        parsed = datetime.fromisoformat(given)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        raise BadParameter(name, "a position, or a moment as 2026-11-24T12:00:00Z")
    return parsed


def known_only(request: Request, *names: str) -> None:
    """A misspelt filter would silently give everything. Raises BadParameter."""
    for name in request.query_params:
        if name not in names:
            raise BadParameter(name, f"known here: {', '.join(names) or 'none'}")
