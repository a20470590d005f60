"""What may outsiders know of what has changed, in order, from any position on?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.ports import Query
from projections.running.log_end import LostFuture
from projections.running.projection import MONGO, Document, Source
from projections.running.reading import Behind, Choice, Page, Readers, Rebuilding, page

__all__ = ["Behind", "LostFuture", "Readers", "Rebuilding"]

CHANNEL = "changes"  # of the nudge after each commit


class PublicChange(Document, frozen=True, kw_only=True):
    """Stored under its position. Audience: "public", "staff" or "customer:<id>"."""

    position: int
    type: str  # "order:status_changed"
    channel: str  # "order:<id>"
    audience: str
    occurred_at: str
    payload: Mapping[str, Any] = {}
    version: int = 1


class SeenStream(Document, frozen=True, kw_only=True):
    """What outsiders know of a stream so far, and the change that its newest event made."""

    seen: Mapping[str, Any] = {}
    change: PublicChange | None = None


SOURCE: Source[SeenStream] = Source("public_changes", SeenStream)
CHANGES: Source[PublicChange] = Source("public_changes", PublicChange)


@dataclass(frozen=True, slots=True)
class Changes:
    """`position`: everything up to there is in `entries`, or is nobody's business on these channels."""

    entries: Sequence[PublicChange]
    position: int


async def changes(
    readers: Readers,
    after: int,
    limit: int = 500,
    channels: Collection[str] | None = None,
    audiences: Collection[str] | None = None,
    up_to: int | None = None,
) -> Changes:
    """In position order, never past the projection's own position. None: all channels, all audiences.

    Raises Rebuilding.
    """
    reached = readers.freshness.position(SOURCE)
    last = reached if up_to is None else min(up_to, reached)
    if last <= after:
        if reached < after:
            raise Rebuilding(reached)
        return Changes((), max(after, last))
    wanted: dict[str, Collection[object]] = {}
    if channels is not None:
        wanted["channel"] = channels
    if audiences is not None:
        wanted["audience"] = audiences
    query = Query(
        order=(("_id", False),),
        limit=limit + 1,
        any_of=wanted,
        at_least={"_id": after + 1},
        at_most={"_id": last},
    )
    found: Page[PublicChange] = await page(readers, (Choice(CHANGES, MONGO, query),), "position", limit, last)
    entries = [change for _, change in found.items]
    return Changes(entries, entries[-1].position if found.has_next else last)
