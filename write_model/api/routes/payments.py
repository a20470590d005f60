"""Payments: what staff may ask of the money. The provider is asked afterwards, by a process."""

from starlette.requests import Request
from starlette.responses import Response

from write_model.api import bodies
from write_model.api.door import Door, answered
from write_model.api.operation import Operation
from write_model.api.reading import path_uuid, read
from write_model.api.routes import examples
from write_model.payment import commands

TAG = "payments"
REQUESTED = "requested"  # the code; the words of who asks are kept apart, sealed
ERRORS = ("payment.unknown", "payment.wrong_state", "payment.outcome_pending")


def operations(door: Door) -> list[Operation]:
    return [*_holds(door), *_refunds(door)]


def _holds(door: Door) -> list[Operation]:
    async def capture(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.Capture)
        command = commands.CapturePayment(payment_id=path_uuid(request, "id"), amount_minor=body.amount_minor)
        return answered(await door.send(request, caller, command, body, key_required=True), 202)

    async def void(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.Reason)
        command = commands.VoidPayment(payment_id=path_uuid(request, "id"), reason=body.reason)
        return answered(await door.send(request, caller, command, body, key_required=True), 202)

    return [
        Operation(
            method="POST",
            path="/payments/{id}/capture",
            name="capturePayment",
            summary="Take the authorised money, or a part of it",
            tag=TAG,
            endpoint=capture,
            body=bodies.Capture,
            status=202,
            example={**examples.PAYMENT, "status": "CAPTURING"},
            errors=(*ERRORS, "payment.exceeds_authorized", "payment.amount_invalid"),
            key=True,
        ),
        Operation(
            method="POST",
            path="/payments/{id}/void",
            name="voidPayment",
            summary="Give an authorisation back",
            tag=TAG,
            endpoint=void,
            body=bodies.Reason,
            status=202,
            example={**examples.PAYMENT, "status": "VOIDING"},
            errors=(*ERRORS, "payment.already_captured"),
            key=True,
        ),
    ]


def _refunds(door: Door) -> list[Operation]:
    async def refund(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.NewRefund)
        command = commands.RefundPayment(
            payment_id=path_uuid(request, "id"),
            refund_id=door.ids.new(),
            reason=REQUESTED,
            amount_minor=body.amount_minor,
            note=body.reason,
        )
        return answered(await door.send(request, caller, command, body, key_required=True), 202)

    return [
        Operation(
            method="POST",
            path="/payments/{id}/refunds",
            name="refundPayment",
            summary="Give captured money back, or a part of it",
            tag=TAG,
            endpoint=refund,
            body=bodies.NewRefund,
            status=202,
            example=examples.PAYMENT,
            errors=(*ERRORS, "payment.exceeds_captured", "payment.amount_invalid"),
            key=True,
        ),
    ]
