"""Stock: what comes into the warehouse, and corrections."""

from starlette.requests import Request
from starlette.responses import Response

from write_model.api import bodies
from write_model.api.door import Door, answered
from write_model.api.operation import Operation
from write_model.api.reading import path_uuid, read
from write_model.api.routes import examples
from write_model.stock import commands

TAG = "stock"
ERRORS = ("stock.unknown", "stock.quantity_out_of_range", "stock.reason_invalid", "stock.too_much")


def operations(door: Door) -> list[Operation]:
    async def receive(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.Units)
        command = commands.ReceiveStock(
            variant_id=path_uuid(request, "variant"), quantity=body.quantity, reason=body.reason
        )
        return answered(await door.send(request, caller, command, body, key_required=True))

    async def adjust(request: Request) -> Response:
        caller = door.caller(request)
        body = await read(request, bodies.Units)
        command = commands.AdjustStock(
            variant_id=path_uuid(request, "variant"), quantity=body.quantity, reason=body.reason
        )
        return answered(await door.send(request, caller, command, body, key_required=True))

    return [
        Operation(
            method="POST",
            path="/stock-items/{variant}/receipts",
            name="receiveStock",
            summary="Units have come in",
            tag=TAG,
            endpoint=receive,
            body=bodies.Units,
            example=examples.STOCK,
            errors=ERRORS,
            key=True,
        ),
        Operation(
            method="POST",
            path="/stock-items/{variant}/adjustments",
            name="adjustStock",
            summary="Correct what is on hand by a signed difference",
            tag=TAG,
            endpoint=adjust,
            body=bodies.Units,
            example=examples.STOCK,
            errors=(*ERRORS, "stock.not_available"),
            key=True,
        ),
    ]
