"""What the sockets ask of the read models. The main joins these to the views."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Entry:
    """One public change."""

    position: int
    type: str
    channel: str
    audience: str
    occurred_at: str  # RFC 3339, UTC
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Seen:
    """A document as of a position; `owner` is the customer's id where it has one."""

    body: Mapping[str, object]
    position: int
    owner: str | None


class Behind(Exception):
    """The read model is not there yet."""

    def __init__(self, position: int, lag_ms: int) -> None:
        super().__init__(f"at position {position}")
        self.position, self.lag_ms = position, lag_ms


class LostFuture(Exception):
    """The client says a position that the log does not reach: what it has seen beyond was lost. `head`: the end."""

    def __init__(self, head: int) -> None:
        super().__init__(f"the log ends at position {head}")
        self.head = head


class Changes(Protocol):
    """The projection `public_changes`, read only up to its own position."""

    async def check_exists(self, position: int) -> None:
        """Raises LostFuture when the log says that it does not reach the position."""

    async def position(self) -> int: ...

    async def wait(self, after: int, seconds: float) -> int:
        """Until its position is past `after`, at most so long; the position."""

    async def between(
        self, after: int, up_to: int, limit: int, channels: Collection[str] | None = None
    ) -> Sequence[Entry]:
        """All there is up to there, in position order; no channels: all of them. Raises Behind."""


class Snapshots(Protocol):
    """What a room shows to somebody who has just come in: at least as new as `at_least`. Raises Behind."""

    async def order(self, order_id: UUID, at_least: int) -> Seen | None: ...

    async def stock(self, variant_ids: Collection[UUID], at_least: int) -> Mapping[UUID, Seen]: ...
