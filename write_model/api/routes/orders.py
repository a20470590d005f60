"""Orders: placed from a cart, cancelled, refunded."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from infra.ports import Unavailable
from write_model.api import bodies
from write_model.api.auth import Caller
from write_model.api.door import PREFIX, Door, answered
from write_model.api.operation import Operation
from write_model.api.reading import path_uuid, preferred_wait, read
from write_model.api.routes import examples
from write_model.checkout.commands import CancelOrder, PlaceOrder
from write_model.handling.authorise import NotSeen, has
from write_model.handling.bus import Answer
from write_model.handling.failures import Forbidden, SignInNeeded
from write_model.kernel.ids import derived, stream
from write_model.payment.commands import RefundPayment

TAG = "orders"
REQUESTED = "requested"  # the code; the words of who asks are kept apart, sealed


def operations(door: Door) -> list[Operation]:
    return [*_placing(door), *_ending(door)]


def _placing(door: Door) -> list[Operation]:
    async def place(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.NewOrder)
        order_id = door.ids.new()
        command = PlaceOrder(
            cart_id=body.cart_id,
            order_id=order_id,
            payment_id=derived(order_id, "payment"),
            customer_id=caller.customer_id,
            locale=body.locale,
        )
        answer = await door.send(request, caller, command, body, key_required=True)
        return await _settled(door, request, answer, 201, {"Location": f"{PREFIX}/orders/{answer.id}"})

    return [
        Operation(
            method="POST",
            path="/orders",
            name="createOrder",
            summary="Place the order of a cart; with Prefer: wait=N its fate is waited for",
            tag=TAG,
            endpoint=place,
            body=bodies.NewOrder,
            status=201,
            example=examples.ORDER,
            errors=(
                "cart.unknown",
                "cart.closed",
                "cart.empty",
                "checkout.customer_missing",
                "checkout.address_missing",
                "checkout.payment_method_missing",
                "checkout.price_changed",
                "checkout.not_for_sale",
                "stock.not_available",
            ),
            key=True,
            waits=True,
        ),
    ]


def _ending(door: Door) -> list[Operation]:
    async def cancel(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.Cancellation)
        command = CancelOrder(order_id=path_uuid(request, "id"), reason=REQUESTED, note=body.reason)
        return answered(await door.send(request, caller, command, body, key_required=True))

    async def refund(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.NewRefund)
        payment_id = await _payment_of(door, caller, path_uuid(request, "id"))
        command = RefundPayment(
            payment_id=payment_id,
            refund_id=door.ids.new(),
            reason=REQUESTED,
            amount_minor=body.amount_minor,
            note=body.reason,
        )
        return answered(await door.send(request, caller, command, body, key_required=True), 202)

    return [
        Operation(
            method="POST",
            path="/orders/{id}/cancel",
            name="cancelOrder",
            summary="Cancel an order that has not been sent; its stock is released and its money given back",
            tag=TAG,
            endpoint=cancel,
            body=bodies.Cancellation,
            example={**examples.ORDER, "status": "CANCELLED"},
            errors=("order.unknown", "order.wrong_state", "checkout.already_shipped", "checkout.reason_invalid"),
            key=True,
        ),
        Operation(
            method="POST",
            path="/orders/{id}/refunds",
            name="refundOrder",
            summary="Give money of an order back; the payment provider is asked afterwards",
            tag=TAG,
            endpoint=refund,
            body=bodies.NewRefund,
            status=202,
            example=examples.PAYMENT,
            errors=("order.unknown", "payment.exceeds_captured", "payment.amount_invalid", "payment.wrong_state"),
            key=True,
            versioned=False,
        ),
    ]


async def _settled(door: Door, request: Request, answer: Answer, status: int, headers: dict[str, str]) -> Response:
    """The answer at once, or as far as the order has come within the seconds that the client prefers to wait."""
    seconds = preferred_wait(request)
    if seconds is None:
        return answered(answer, status, headers)
    headers["Preference-Applied"] = f"wait={seconds}"
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    with suppress(Unavailable):  # the order is stored: it is told as it was then
        answer = await door.bus.settled(answer.id, answer.position, seconds)
    return answered(answer, status, headers)


async def _payment_of(door: Door, caller: Caller, order_id: UUID) -> UUID:
    """Raises SignInNeeded, Forbidden, NotSeen."""
    if caller.principal is None:
        raise SignInNeeded
    if not has(caller.permissions, "write:orders"):
        raise Forbidden
    order: Any = await door.bus.state(stream("order", order_id))
    payment_id: UUID | None = order.payment_id
    if payment_id is None:
        raise NotSeen("order")
    return payment_id
