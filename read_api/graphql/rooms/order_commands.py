"""Orders as GraphQL places and cancels them. The answer is the command's own, never a view's."""

from typing import Any

import strawberry
from msgspec.structs import replace
from strawberry.types import Info

from read_api.graphql.context import Context
from read_api.graphql.errors import Failed, UserError
from read_api.graphql.relay import as_uuid
from read_api.graphql.rooms.order import OrderStatus, Reason
from read_api.graphql.sending import Intent, Sent, send
from read_api.graphql.types import Minor, Money, money
from write_model.checkout.commands import CancelOrder, PlaceOrder
from write_model.handling.bus import Answer
from write_model.kernel.ids import derived

Asked = Info[Context, None]
LONGEST_WAIT = 5  # seconds that createOrder waits for the payment


@strawberry.type
class PlacedOrder:
    """What a command answers at once: the order's page may not show it yet, its position says when it does."""

    id: strawberry.ID
    number: str
    version: int
    status: OrderStatus
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


async def create_order(info: Asked, cart_id: strawberry.ID, key: str, wait_seconds: int = 0) -> OrderPayload:
    """Place the order of a cart: all or nothing. With `waitSeconds` (at most 5) it waits for the payment."""
    context = info.context
    customer_id = context.viewer.customer_id
    if customer_id is None:
        raise Failed("edge.sign_in_needed")
    if not 0 <= wait_seconds <= LONGEST_WAIT:
        raise Failed("edge.parameter_invalid", parameter="waitSeconds", most=LONGEST_WAIT)
    order_id = context.platform.ids.new()
    command = PlaceOrder(
        cart_id=as_uuid(cart_id, "cartId"),
        order_id=order_id,
        payment_id=derived(order_id, "payment"),
        customer_id=customer_id,
    )
    intent = Intent("POST", "/orders", {"cartId": str(command.cart_id), "locale": None})
    sent = await send(context, command, intent, key)
    if sent.answer is not None and wait_seconds:
        answer = await context.platform.bus.settled(sent.answer.id, sent.answer.position, float(wait_seconds))
        context.saw(answer.position)
        sent = Sent(replace(answer, replayed=sent.answer.replayed))
    return payload(sent)


async def cancel_order(info: Asked, order_id: strawberry.ID, key: str, reason: str | None = None) -> OrderPayload:
    """End it before anything was shipped: stock is released, money given back."""
    command = CancelOrder(order_id=as_uuid(order_id, "orderId"), reason="requested", note=reason)
    intent = Intent("POST", f"/orders/{command.order_id}/cancel", {"reason": reason})
    return payload(await send(info.context, command, intent, key))


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
        status=OrderStatus(answer.status),
        payment_status=body["paymentStatus"],
        total=money(total["amountMinor"], total["currency"]),
        reason=None if reason is None else Reason(code=reason["code"], decline_code=reason.get("declineCode")),
        client_action=body.get("clientAction"),
    )
