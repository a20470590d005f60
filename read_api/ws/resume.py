"""How does somebody come in, or come back, without missing or repeating a change?

First join the hub, which tells after which position everything will come; then read what is before it. An answer's
position is one that the hub has reached: whatever was joined before has been told up to there as well, so that one
number is enough to come back with.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from read_api.auth import Viewer
from read_api.ws.rooms import Hub, Mailbox
from read_api.ws.sources import Behind, Changes, Entry, Seen, Snapshots

MOST_REPLAYED = 2_000  # entries; a longer absence is answered by joining again, with a snapshot
PAGE = 500
CATCH_UP_SECONDS = 2.0
FIRST_LOOK = 0.15  # seconds, before the log is asked whether there is such a position


class NotForYou(Exception):
    """No such channel for this viewer: it may not exist, or belong to another."""


class TooFarBehind(Exception):
    """More was missed than is replayed: join again, each room answers with a snapshot."""


@dataclass(frozen=True, slots=True)
class Sources:
    changes: Changes
    snapshots: Snapshots


@dataclass(frozen=True, slots=True)
class Came:
    """`snapshot` is the state, `missed` are the changes in order, up to `position`.

    `shown`: by channel, up to where its changes are in the snapshot or in `missed`.
    """

    position: int
    shown: Mapping[str, int]
    snapshot: Mapping[str, object] | None = None
    missed: Sequence[Entry] = ()


def order_channel(order_id: UUID) -> str:
    return f"order:{order_id}"


def stock_channel(variant_id: UUID) -> str:
    return f"stock:{variant_id}"


def customer_channel(customer_id: UUID) -> str:
    return f"customer:{customer_id}"


async def join_order(
    order_id: UUID, at_least: int, viewer: Viewer, hub: Hub, mailbox: Mailbox, sources: Sources
) -> Came:
    """An order that was placed a moment ago is waited for.

    Raises NotForYou, Behind, LostFuture; the caller leaves then.
    """
    await _check(at_least, hub, sources.changes)
    snapshots = sources.snapshots
    channel = order_channel(order_id)
    live = hub.join(channel, mailbox)
    seen = await snapshots.order(order_id, max(live, at_least))
    try:
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while seen is None or not viewer.owns(seen.owner):
                reached = await hub.reach(hub.position + 1, CATCH_UP_SECONDS)
                seen = await snapshots.order(order_id, reached)
    except TimeoutError:
        raise NotForYou from None
    await _reach(seen.position, hub)
    return Came(seen.position, {channel: seen.position}, {**seen.body, "position": seen.position})


async def join_stock(
    variant_ids: Collection[UUID], at_least: int, hub: Hub, mailbox: Mailbox, sources: Sources
) -> Came:
    """Unknown variants are left out of the snapshot. Raises Behind, LostFuture; the caller leaves then."""
    await _check(at_least, hub, sources.changes)
    snapshots = sources.snapshots
    channels = [stock_channel(variant_id) for variant_id in variant_ids]
    live = max(hub.join(channel, mailbox) for channel in channels)
    seen = await snapshots.stock(variant_ids, max(live, at_least))
    shown = dict.fromkeys(channels, live)
    shown |= {stock_channel(variant_id): level.position for variant_id, level in seen.items()}
    position = min([level.position for level in seen.values()], default=live)
    await _reach(position, hub)
    stock = {str(variant_id): {**level.body, "position": level.position} for variant_id, level in seen.items()}
    return Came(position, shown, {"stock": stock})


async def come_back(
    position: int, channels: Sequence[str], viewer: Viewer, hub: Hub, mailbox: Mailbox, sources: Sources
) -> Came:
    """Everything on these channels since `position`. The caller leaves on an error.

    Raises NotForYou for a channel of another, Behind when this node has not reached the position, TooFarBehind,
    LostFuture.
    """
    await _check(position, hub, sources.changes)
    await _allow(channels, position, viewer, sources.snapshots)
    await _reach(position, hub)
    for channel in channels:
        hub.join(channel, mailbox)
    live = hub.position
    missed: list[Entry] = []
    after = position
    while after < live and channels:
        page = await sources.changes.between(after, live, PAGE, channels)
        missed += [entry for entry in page if viewer.sees(entry.audience)]
        if len(missed) > MOST_REPLAYED:
            raise TooFarBehind
        after = page[-1].position if len(page) == PAGE else live
    return Came(live, dict.fromkeys(channels, live), None, missed)


async def _allow(channels: Sequence[str], position: int, viewer: Viewer, snapshots: Snapshots) -> None:
    for channel in channels:
        kind, _, name = channel.partition(":")
        try:
            subject = UUID(name)
        except ValueError:
            raise NotForYou from None
        if f"{kind}:{subject}" != channel:  # another spelling of the id would hear nothing
            raise NotForYou
        if kind == "stock" or (kind == "customer" and viewer.customer_id == subject):
            continue
        seen: Seen | None = await snapshots.order(subject, position) if kind == "order" else None
        if seen is None or not viewer.owns(seen.owner):
            raise NotForYou


async def _check(position: int, hub: Hub, changes: Changes) -> None:
    """Who is ahead of us has been at a quicker node, or has seen what was lost. Raises LostFuture."""
    if await hub.reach(position, FIRST_LOOK) < position:
        await changes.check_exists(position)


async def _reach(position: int, hub: Hub) -> None:
    """What is read may be ahead of the hub, and so may another node have been: wait, briefly. Raises Behind."""
    reached = await hub.reach(position, CATCH_UP_SECONDS)
    if reached < position:
        raise Behind(reached, int(CATCH_UP_SECONDS * 1000))
