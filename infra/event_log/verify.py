"""Has anybody touched the log? The chain is made again from the rows, in order, and told where it first differs."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from infra.event_log.chain import GENESIS, digest, link_head, placed
from infra.ports import Stored


@dataclass(frozen=True, slots=True)
class Link:
    """A row of log.links."""

    first_position: int
    count: int
    recorded_at: datetime
    link: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The row of log.log_head."""

    position: int
    recorded_at: datetime
    link: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """The first position that is not as it was written, and what is wrong there."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """How much was looked at, and the first thing that is wrong, if any."""

    events: int
    links: int
    signed_heads: int
    finding: Finding | None


Answered = tuple[Stored, int | None]  # an event, and at which position its command's stored answer says that it ended


async def verify_chain(
    events: AsyncIterator[Answered], links: AsyncIterator[Link], head: Head, signed: Mapping[int, bytes]
) -> Verified:
    """Check rows against digests, links and signed heads (position → link), in the order of positions.

    It holds one row at a time, and stops at the first that is wrong.
    """
    walk = _Walk(events, dict(signed))
    try:
        async for found in links:
            await walk.link(found)
        await walk.end(head)
    except _Wrong as wrong:
        return Verified(walk.position, walk.links, walk.signed, wrong.finding)
    return Verified(walk.position, walk.links, walk.signed, None)


class _Wrong(Exception):
    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.finding = Finding(position, reason)


class _Walk:
    """Where the verification stands: everything up to `position` is as it was written."""

    def __init__(self, events: AsyncIterator[Answered], signed: dict[int, bytes]) -> None:
        self._events = events
        self._expected = signed
        self._ahead: Answered | None = None
        self._previous = GENESIS
        self._moment = datetime(1970, 1, 1, tzinfo=UTC)
        self._certain = 0  # the last position under a signature
        self.position = 0
        self.links = 0
        self.signed = 0

    async def link(self, found: Link) -> None:
        first = self.position + 1
        if found.first_position != first:
            raise _Wrong(first, f"its link is missing; the next one begins at {found.first_position}")
        if found.recorded_at < self._moment:
            raise _Wrong(first, "its link was recorded before the one before it")
        made = sha256(link_head(self._previous, first, found.count, found.recorded_at))
        for _ in range(found.count):
            row = await self._next(found.recorded_at)
            made.update(row.digest)
            self.position += 1
        if made.digest() != found.link:
            raise _Wrong(first, f"the link over it and the {found.count - 1} events behind it differs")
        self._previous, self._moment = found.link, found.recorded_at
        self.links += 1
        self._signed_here()

    async def end(self, head: Head) -> None:
        extra = await self._peeked()
        after = self.position + 1
        if extra is not None:
            raise _Wrong(min(extra[0].position, after), "no link covers it: it was not appended by the log")
        if head.position > self.position:
            raise _Wrong(after, f"it is missing: the log's head is at {head.position}")
        if (head.position, head.link) != (self.position, self._previous):
            raise _Wrong(max(self.position, 1), f"the log's head differs (position {head.position})")
        if self.position and head.recorded_at != self._moment:
            raise _Wrong(self.position, "the log's head was moved at another time")
        if self._expected:
            first = min(self._expected)
            if first <= self.position:
                raise _Wrong(first, "a head was signed there, and no link ends there any more")
            raise _Wrong(after, f"it is missing: a head at {first} was signed")

    async def _next(self, recorded_at: datetime) -> Stored:
        """The next row, which must be the next position, whole, in its place and of its link's moment."""
        position = self.position + 1
        ahead = await self._peeked()
        if ahead is None or ahead[0].position > position:
            raise _Wrong(position, "it is missing")
        row, answered = ahead
        if row.position < position:
            raise _Wrong(row.position, "no link covers it: it was not appended by the log")
        self._ahead = None
        if answered is None:
            raise _Wrong(position, "its command has no stored answer")
        if answered < position or row.digest != placed(digest(row, row.command_id), answered - position):
            raise _Wrong(position, "its digest differs: it was changed, or put there from elsewhere")
        if row.recorded_at != recorded_at:
            raise _Wrong(position, "its recorded time differs from its link's")
        return row

    async def _peeked(self) -> Answered | None:
        if self._ahead is None:
            self._ahead = await anext(self._events, None)
        return self._ahead

    def _signed_here(self) -> None:
        """Does the signed head at this position name this link? If not, something since the last one was rewritten."""
        wanted = self._expected.pop(self.position, None)
        if wanted is None:
            return
        if wanted != self._previous:
            raise _Wrong(
                self._certain + 1, f"history was rewritten here or up to {self.position}: a signed head differs"
            )
        self._certain = self.position
        self.signed += 1
