"""How does an order go on? A snapshot, then every change, over graphql-transport-ws."""

import asyncio
from collections.abc import AsyncGenerator

import strawberry
from strawberry.types import Info

from projections.order_tracking import view as tracking
from projections.order_tracking.view import Found, OrderTracking
from projections.public_changes import view as changes
from projections.public_changes.view import PublicChange
from read_api.graphql.context import Context
from read_api.graphql.errors import Failed
from read_api.graphql.rooms.order import OrderStatus, own_order
from read_api.graphql.types import Minor, Time

Asked = Info[Context, None]
TURN_SECONDS = 10.0
CATCH_UP_SECONDS = 2.0  # for an order that the view does not know yet


@strawberry.type
class OrderChange:
    """The first is a snapshot; come back with the last position as `after`, and nothing is missed or repeated."""

    order_id: strawberry.ID
    status: OrderStatus
    payment_status: str
    position: Minor
    occurred_at: Time | None
    snapshot: bool


async def order_status_changed(
    info: Asked, order_id: strawberry.ID, after: Minor | None = None
) -> AsyncGenerator[OrderChange, None]:
    """A snapshot, then every change; with `after` only what came later than that position."""
    context = info.context
    if after is not None and after < 0:
        raise Failed("edge.parameter_invalid", parameter="after")
    if after is not None and after > context.readers.freshness.position(changes.SOURCE):
        await context.readers.freshness.check_exists(after)
    found = await _own_order_soon(context, order_id)
    if found is None:
        raise Failed("order.unknown")
    document = found.document
    if after is None:
        yield OrderChange(
            order_id=strawberry.ID(document.id),
            status=OrderStatus(document.status),
            payment_status=document.payment_status,
            position=Minor(found.position),
            occurred_at=None,
            snapshot=True,
        )
    async for entry in _later(context, f"order:{document.id}", found.position if after is None else after):
        yield _shown(document.id, entry)


async def _own_order_soon(context: Context, order_id: str) -> Found[OrderTracking] | None:
    """An order that was placed a moment ago is waited for. Raises Behind, Rebuilding."""
    freshness = context.readers.freshness
    found = await own_order(context, order_id)
    try:
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while found is None:
                await freshness.wait(tracking.SOURCE, freshness.position(tracking.SOURCE) + 1, CATCH_UP_SECONDS)
                found = await own_order(context, order_id)
    except TimeoutError:
        return None
    return found


async def _later(context: Context, channel: str, position: int) -> AsyncGenerator[PublicChange, None]:
    """Only what the viewer may see at the moment when it is sent."""
    readers = context.readers
    while True:
        reached = await readers.freshness.wait(changes.SOURCE, position + 1, TURN_SECONDS)
        context.viewer_now()
        if reached <= position:
            continue
        found = await changes.changes(readers, position, channels=[channel])
        for entry in found.entries:
            if context.viewer_now().sees(entry.audience):
                yield entry
        position = found.position


def _shown(order_id: str, entry: PublicChange) -> OrderChange:
    return OrderChange(
        order_id=strawberry.ID(order_id),
        status=OrderStatus(entry.payload["status"]),
        payment_status=str(entry.payload["paymentStatus"]),
        position=Minor(entry.position),
        occurred_at=Time(entry.occurred_at),
        snapshot=False,
    )
