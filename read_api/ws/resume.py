"""How does somebody come in, or come back, without missing or repeating a change?

First join the hub, which tells after which position everything will come; then read what is before it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from read_api.auth import Viewer
from read_api.ws.rooms import Hub, Mailbox
from read_api.ws.sources import Behind, Changes, Entry, Seen, Snapshots

MOST_REPLAYED = 2_000  # entries; a longer absence is answered by a snapshot
PAGE = 500
CATCH_UP_SECONDS = 2.0


class NotForYou(Exception):
    """No such channel for this viewer: it may not exist, or belong to another."""


@dataclass(frozen=True, slots=True)
class Came:
    """`snapshot` is the state at `position`; `missed` are the changes since, in order; live ones come after `live`."""

    position: int
    live: int
    snapshot: Mapping[str, object] | None = None
    missed: Sequence[Entry] = ()


def order_channel(order_id: UUID) -> str:
    return f"order:{order_id}"


def stock_channel(variant_id: UUID) -> str:
    return f"stock:{variant_id}"


def customer_channel(customer_id: UUID) -> str:
    return f"customer:{customer_id}"


async def join_order(order_id: UUID, viewer: Viewer, hub: Hub, mailbox: Mailbox, snapshots: Snapshots) -> Came:
    """Raises NotForYou, Behind. On an error nothing is joined."""
    channel = order_channel(order_id)
    live = hub.join(channel, mailbox)
    try:
        seen = await snapshots.order(order_id, live)
        if seen is None or not viewer.owns(seen.owner):
            raise NotForYou
    except (NotForYou, Behind):
        hub.leave([channel], mailbox)
        raise
    return Came(seen.position, max(live, seen.position), seen.body)


async def join_stock(variant_ids: Collection[UUID], hub: Hub, mailbox: Mailbox, snapshots: Snapshots) -> Came:
    """Unknown variants are left out of the snapshot. Raises Behind; then nothing is joined."""
    channels = [stock_channel(variant_id) for variant_id in variant_ids]
    live = max(hub.join(channel, mailbox) for channel in channels)
    try:
        seen = await snapshots.stock(variant_ids, live)
    except Behind:
        hub.leave(channels, mailbox)
        raise
    levels = {str(variant_id): level.body for variant_id, level in seen.items()}
    return Came(live, live, {"stock": levels})


async def come_back(
    position: int, channels: Sequence[str], viewer: Viewer, hub: Hub, mailbox: Mailbox, sources: "Sources"
) -> Came | None:
    """Everything on these channels since `position`. None: too much was missed, a snapshot is due.

    Raises NotForYou for a channel of another, Behind when this node has not reached the position.
    """
    await _allow(channels, viewer, sources.snapshots, hub)
    await _reach(position, hub, sources.changes)
    live = max([hub.position, *(hub.join(channel, mailbox) for channel in channels)])
    missed: list[Entry] = []
    after = position
    while after < live:
        page = await sources.changes.between(after, live, PAGE, channels)
        missed += page
        if len(missed) > MOST_REPLAYED:
            return None
        after = page[-1].position if len(page) == PAGE else live
    return Came(live, live, None, [entry for entry in missed if viewer.sees(entry.audience)])


@dataclass(frozen=True, slots=True)
class Sources:
    changes: Changes
    snapshots: Snapshots


async def _allow(channels: Sequence[str], viewer: Viewer, snapshots: Snapshots, hub: Hub) -> None:
    for channel in channels:
        kind, _, name = channel.partition(":")
        try:
            subject = UUID(name)
        except ValueError:
            raise NotForYou from None
        if kind == "stock":
            continue
        if kind == "customer" and viewer.customer_id == subject:
            continue
        if kind == "order":
            seen: Seen | None = await snapshots.order(subject, 0)
            if seen is not None and viewer.owns(seen.owner):
                continue
        raise NotForYou


async def _reach(position: int, hub: Hub, changes: Changes) -> None:
    """Another node may have been ahead of this one: wait for it, briefly."""
    if position <= hub.position:
        return
    reached = await changes.wait(position - 1, CATCH_UP_SECONDS)
    if reached < position:
        raise Behind(reached, int(CATCH_UP_SECONDS * 1000))
