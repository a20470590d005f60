"""Orders as GraphQL shows them: now, as of a moment, as a list, as a timeline, and as they change."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import strawberry
from strawberry.types import Info

from projections.order_history import view as history
from projections.order_tracking import view as tracking
from projections.order_tracking.view import OrderTracking
from projections.public_changes import view as changes
from read_api.graphql.context import Context
from read_api.graphql.errors import Failed, UserError
from read_api.graphql.relay import MOST, as_uuid
from read_api.graphql.rooms.cart import Totals, totals
from read_api.graphql.rooms.product import page_info
from read_api.graphql.sending import Sent, send
from read_api.graphql.types import JSON, Minor, Money, Node, PageInfo, Time, money, text
from write_model.checkout.commands import CancelOrder, PlaceOrder
from write_model.handling.bus import Answer

Asked = Info[Context, None]
LONGEST_WAIT = 5  # seconds that createOrder waits for the payment
TURN_SECONDS = 10.0


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
    status: str
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
    status: str
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


@strawberry.type
class PlacedOrder:
    """What a command answers at once: the order's page may not show it yet, its position says when it does."""

    id: strawberry.ID
    number: str
    version: int
    status: str
    payment_status: str
    total: Money
    reason: Reason | None
    client_action: str | None


@strawberry.type
class OrderPayload:
    order: PlacedOrder | None
    user_errors: list[UserError]
    position: Minor | None
    replayed: bool


@strawberry.type
class OrderChange:
    """The first is a snapshot; come back with the last position as `after`, and nothing is missed or repeated."""

    order_id: strawberry.ID
    status: str
    payment_status: str
    position: Minor
    occurred_at: Time | None
    snapshot: bool


@strawberry.input(one_of=True)
class AsOf:
    """What was known: at a position of the log, or at a moment (RFC 3339)."""

    position: strawberry.Maybe[Minor]
    recorded_at: strawberry.Maybe[datetime]


async def order(info: Asked, id: strawberry.ID, as_of: AsOf | None = None) -> Order | None:
    """Your own order; `asOf` shows it as it was known then."""
    context = info.context
    as_uuid(id)
    at_least = await context.reach(tracking.SOURCE)
    found = await tracking.order(context.readers, id, at_least)
    if found is None or not context.viewer.owns(found.document.customer_id):
        return None
    if as_of is not None:
        then = await context.platform.as_of(id, _moment(as_of))
        if then is None:
            return None
        found = then
    context.saw(found.position)
    return shown(found.document, found.position, context.locale)


async def order_timeline(info: Asked, id: strawberry.ID) -> list[TimelineEntry]:
    """Every event of the order and of its payments, in order."""
    context = info.context
    as_uuid(id)
    found = await tracking.order(context.readers, id, await context.reach(tracking.SOURCE))
    if found is None or not context.viewer.owns(found.document.customer_id):
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
    if not 1 <= first <= MOST:
        raise Failed("edge.parameter_invalid", parameter="first", most=MOST)
    at_least = await context.reach(history.SOURCE)
    page = await history.orders(context.readers, str(customer_id), first, after, at_least)
    context.saw(page.position)
    edges = [
        OrderEdge(
            cursor=cursor,
            node=OrderSummary(
                id=strawberry.ID(entry.id),
                number=entry.number,
                status=entry.status,
                payment_status=entry.payment_status,
                placed_at=Time(entry.placed_at),
                total=money(entry.total_minor, entry.currency),
                items=entry.items,
            ),
        )
        for cursor, entry in page.items
    ]
    return OrderConnection(edges=edges, page_info=page_info([edge.cursor for edge in edges], page.has_next, after))


async def create_order(info: Asked, cart_id: strawberry.ID, key: str, wait_seconds: int = 0) -> OrderPayload:
    """Place the order of a cart: all or nothing. With `waitSeconds` (at most 5) it waits for the payment."""
    context = info.context
    customer_id = context.viewer.customer_id
    if customer_id is None:
        raise Failed("edge.sign_in_needed")
    if not 0 <= wait_seconds <= LONGEST_WAIT:
        raise Failed("edge.parameter_invalid", parameter="waitSeconds", most=LONGEST_WAIT)
    new = context.platform.ids.new
    command = PlaceOrder(
        cart_id=as_uuid(cart_id), order_id=new(), payment_id=new(), customer_id=customer_id, locale=context.locale
    )
    sent = await send(context, command, ("createOrder", cart_id), key)
    if sent.answer is not None and wait_seconds:
        answer = await context.platform.bus.settled(sent.answer.id, sent.answer.position, float(wait_seconds))
        context.saw(answer.position)
        sent = Sent(replace(answer, replayed=sent.answer.replayed))
    return payload(sent)


async def cancel_order(info: Asked, order_id: strawberry.ID, key: str, reason: str | None = None) -> OrderPayload:
    """End it before anything was shipped: stock is released, money given back."""
    command = CancelOrder(order_id=as_uuid(order_id), reason=reason or "customer")
    return payload(await send(info.context, command, ("cancelOrder", order_id, reason), key))


async def order_status_changed(
    info: Asked, order_id: strawberry.ID, after: Minor | None = None
) -> AsyncGenerator[OrderChange, None]:
    """A snapshot, then every change; with `after` only what came later than that position."""
    context = info.context
    as_uuid(order_id)
    found = await tracking.order(context.readers, order_id, 0)
    if found is None or not context.viewer.owns(found.document.customer_id):
        raise Failed("order.unknown")
    position = int(after) if after is not None else found.position
    if after is None:
        document = found.document
        yield OrderChange(
            order_id=order_id,
            status=document.status,
            payment_status=document.payment_status,
            position=Minor(position),
            occurred_at=None,
            snapshot=True,
        )
    async for change in _changes(context, order_id, position):
        yield change


async def _changes(context: Context, order_id: str, position: int) -> AsyncGenerator[OrderChange, None]:
    readers = context.readers
    while True:
        reached = await readers.freshness.wait(changes.SOURCE, position + 1, TURN_SECONDS)
        if reached <= position:
            await asyncio.sleep(0)
            continue
        found = await changes.changes(readers, position, channels=[f"order:{order_id}"])
        for entry in found.entries:
            if context.viewer.sees(entry.audience):
                yield OrderChange(
                    order_id=strawberry.ID(order_id),
                    status=str(entry.payload["status"]),
                    payment_status=str(entry.payload["paymentStatus"]),
                    position=Minor(entry.position),
                    occurred_at=Time(entry.occurred_at),
                    snapshot=False,
                )
        position = found.position


def payload(sent: Sent) -> OrderPayload:
    if sent.answer is None:
        return OrderPayload(order=None, user_errors=sent.errors, position=None, replayed=False)
    answer = sent.answer
    return OrderPayload(
        order=_placed(answer), user_errors=[], position=Minor(answer.position), replayed=answer.replayed
    )


def _placed(answer: Answer) -> PlacedOrder:
    body: dict[str, Any] = dict(answer.body)
    total, reason = body["total"], body.get("reason")
    return PlacedOrder(
        id=strawberry.ID(str(answer.id)),
        number=body["number"],
        version=answer.version,
        status=answer.status,
        payment_status=body["paymentStatus"],
        total=money(total["amountMinor"], total["currency"]),
        reason=None if reason is None else Reason(code=reason["code"], decline_code=reason.get("declineCode")),
        client_action=body.get("clientAction"),
    )


def shown(document: OrderTracking, position: int, locale: str) -> Order:
    """The document in GraphQL's types."""
    currency = document.currency
    reason = document.reason
    return Order(
        id=strawberry.ID(document.id),
        number=document.number,
        version=document.version,
        status=document.status,
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
