"""Orders as GraphQL shows them: now, as of a moment, as a list, and as a timeline."""

from datetime import datetime
from enum import Enum

import msgspec
import strawberry
from strawberry.types import Info

from projections.order_history import view as history
from projections.order_tracking import view as tracking
from projections.order_tracking.view import Found, OrderTracking
from read_api.graphql.context import Context
from read_api.graphql.errors import Failed
from read_api.graphql.relay import as_uuid, page_info, page_size
from read_api.graphql.rooms.cart import Totals, totals
from read_api.graphql.types import JSON, Minor, Money, Node, PageInfo, Time, money, text

Asked = Info[Context, None]


@strawberry.enum
class OrderStatus(Enum):
    """The one word for where an order is."""

    PLACED = "PLACED"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    CONFIRMED = "CONFIRMED"
    ON_HOLD = "ON_HOLD"
    PREPARING = "PREPARING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    RETURN_REQUESTED = "RETURN_REQUESTED"
    RETURNED = "RETURNED"


@strawberry.type
class OrderLine:
    id: strawberry.ID
    product_id: strawberry.ID
    variant_id: strawberry.ID | None
    sku: str | None
    title: str
    quantity: int
    unit_price: Money
    total: Money


@strawberry.type
class Reason:
    """Why it ended: a code, and the bank's code where the payment was declined."""

    code: str
    decline_code: str | None


@strawberry.type
class TimelineEntry:
    position: Minor
    type: str
    at: Time
    data: JSON


@strawberry.type
class Order(Node):
    id: strawberry.ID
    number: str
    version: int
    status: OrderStatus
    payment_status: str
    fulfillment_status: str
    lines: list[OrderLine]
    totals: Totals
    placed_at: Time
    reason: Reason | None
    client_action: str | None
    position: Minor


@strawberry.type
class OrderSummary:
    """One order in the list."""

    id: strawberry.ID
    number: str
    status: OrderStatus
    payment_status: str
    placed_at: Time
    total: Money
    items: int


@strawberry.type
class OrderEdge:
    cursor: str
    node: OrderSummary


@strawberry.type
class OrderConnection:
    edges: list[OrderEdge]
    page_info: PageInfo


@strawberry.input(one_of=True)
class AsOf:
    """What was known: at a position of the log, or at a moment (RFC 3339)."""

    position: strawberry.Maybe[Minor]
    recorded_at: strawberry.Maybe[datetime]


async def order(info: Asked, id: strawberry.ID, as_of: AsOf | None = None) -> Order | None:
    """Your own order; `asOf` shows it as it was known then."""
    context = info.context
    found = await own_order(context, id)
    if found is not None and as_of is not None:
        found = await context.platform.as_of(found.document, _moment(as_of))
    if found is None:
        context.saw_none(tracking.SOURCE)
        return None
    context.saw(found.position)
    return shown(found.document, found.position, context.locale)


async def own_order(context: Context, id: str) -> Found[OrderTracking] | None:
    """As it is now; another's is not there. Raises Behind, Rebuilding."""
    order_id = str(as_uuid(id, "id"))
    found = await tracking.order(context.readers, order_id, await context.reach(tracking.SOURCE))
    if found is None or not context.viewer.owns(found.document.customer_id):
        return None
    return found


async def order_timeline(info: Asked, id: strawberry.ID) -> list[TimelineEntry]:
    """Every event of the order and of its payments, in order."""
    context = info.context
    found = await own_order(context, id)
    if found is None:
        context.saw_none(tracking.SOURCE)
        return []
    context.saw(found.position)
    return [
        TimelineEntry(position=Minor(entry.position), type=entry.type, at=Time(entry.at), data=JSON(dict(entry.data)))
        for entry in found.document.timeline
    ]


async def orders(info: Asked, first: int = 20, after: str | None = None) -> OrderConnection:
    """Your own orders, the newest first."""
    context = info.context
    customer_id = context.viewer.customer_id
    if customer_id is None:
        raise Failed("edge.sign_in_needed")
    first = page_size(first)
    at_least = await context.reach(history.ROWS)
    page = await history.orders(context.readers, str(customer_id), first, after, at_least)
    context.saw(page.position)
    edges = [
        OrderEdge(
            cursor=cursor,
            node=OrderSummary(
                id=strawberry.ID(entry.id),
                number=entry.number,
                status=OrderStatus(entry.status),
                payment_status=entry.payment_status,
                placed_at=Time(entry.placed_at),
                total=money(entry.total_minor, entry.currency),
                items=entry.items,
            ),
        )
        for cursor, entry in page.items
    ]
    return OrderConnection(edges=edges, page_info=page_info([edge.cursor for edge in edges], page.has_next, after))


def shown(document: OrderTracking, position: int, locale: str) -> Order:
    """The document in GraphQL's types."""
    currency = document.currency
    reason = document.reason
    return Order(
        id=strawberry.ID(document.id),
        number=document.number,
        version=document.version,
        status=OrderStatus(document.status),
        payment_status=document.payment_status,
        fulfillment_status=document.fulfillment_status,
        lines=[
            OrderLine(
                id=strawberry.ID(line.id),
                product_id=strawberry.ID(line.product_id),
                variant_id=None if line.variant_id is None else strawberry.ID(line.variant_id),
                sku=line.sku,
                title=text(line.titles, locale),
                quantity=line.quantity,
                unit_price=money(line.unit_price_minor, currency),
                total=money(line.total_minor, currency),
            )
            for line in document.lines
        ],
        totals=totals(msgspec.to_builtins(document.totals), currency),
        placed_at=Time(document.placed_at),
        reason=None if reason is None else Reason(code=reason.code, decline_code=reason.decline_code),
        client_action=document.client_action,
        position=Minor(position),
    )


def _moment(as_of: AsOf) -> int | datetime:
    if as_of.position is not None:
        return int(as_of.position.value)
    assert as_of.recorded_at is not None  # exactly one of both
    moment = as_of.recorded_at.value
    if moment.tzinfo is None:
        raise Failed("edge.query_invalid", message="recordedAt needs its offset from UTC")
    return moment
