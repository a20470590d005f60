"""Notifications: read ones are marked by their customer."""

from starlette.requests import Request
from starlette.responses import Response

from write_model.api import bodies
from write_model.api.door import Door, answered
from write_model.api.operation import Operation
from write_model.api.reading import path_uuid, read
from write_model.api.routes import examples
from write_model.notification.commands import ReadNotification


def operations(door: Door) -> list[Operation]:
    async def mark_read(request: Request) -> Response:
        caller = door.caller(request)
        await read(request, bodies.Nothing)
        command = ReadNotification(notification_id=path_uuid(request, "id"))
        return answered(await door.send(request, caller, command))

    return [
        Operation(
            method="POST",
            path="/notifications/{id}/read",
            name="readNotification",
            summary="The customer has read it",
            tag="notifications",
            endpoint=mark_read,
            body=bodies.Nothing,
            example=examples.NOTIFICATION,
            errors=("notification.unknown", "notification.wrong_channel"),
        ),
    ]
