"""One notification on one channel: posted once, then read by its customer, or taken by the mail server."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never
from uuid import UUID

from write_model.kernel.decider import Decider
from write_model.kernel.message import Context
from write_model.kernel.refused import Kind, Refused
from write_model.notification.commands import (
    NotificationCommand,
    PostNotification,
    ReadNotification,
    RecordMailAccepted,
    RecordMailFailed,
)
from write_model.notification.events import (
    MailAccepted,
    MailFailed,
    NotificationEvent,
    NotificationPosted,
    NotificationRead,
)

NONE, POSTED, READ, ACCEPTED, FAILED = "NONE", "POSTED", "READ", "ACCEPTED", "FAILED"
IN_APP, EMAIL = "in_app", "email"


class Unknown(Refused):
    code = "notification.unknown"
    kind = Kind.MISSING


class ChannelUnknown(Refused):
    code = "notification.channel_unknown"
    kind = Kind.INVALID


class AlreadyThere(Refused):
    code = "notification.already_there"


class WrongChannel(Refused):
    code = "notification.wrong_channel"


class WrongState(Refused):
    code = "notification.wrong_state"


@dataclass(frozen=True, slots=True)
class Notification:
    notification_id: UUID | None = None
    status: str = NONE
    customer_id: UUID | None = None
    channel: str = ""
    template: str = ""
    locale: str = ""
    order_id: UUID | None = None
    order_number: str = ""


def evolve(notification: Notification, event: NotificationEvent) -> Notification:
    match event:
        case NotificationPosted():
            return Notification(
                notification_id=event.notification_id,
                status=POSTED,
                customer_id=event.customer_id,
                channel=event.channel,
                template=event.template,
                locale=event.locale,
                order_id=event.order_id,
                order_number=event.order_number,
            )
        case NotificationRead():
            return replace(notification, status=READ)
        case MailAccepted():
            return replace(notification, status=ACCEPTED)
        case MailFailed():
            return replace(notification, status=FAILED)
        case _:
            assert_never(event)


def decide(command: NotificationCommand, notification: Notification, context: Context) -> Sequence[NotificationEvent]:
    match command:
        case PostNotification():
            return post(command, notification)
        case ReadNotification():
            return read(command, notification, context)
        case RecordMailAccepted():
            return accept(command, notification)
        case RecordMailFailed():
            return fail(command, notification)
        case _:
            assert_never(command)


def post(command: PostNotification, notification: Notification) -> Sequence[NotificationEvent]:
    """Its id is of the pair (causing event, channel): one event posts once on a channel, for ever."""
    if command.channel not in (IN_APP, EMAIL):
        raise ChannelUnknown(allowed=[IN_APP, EMAIL])
    if notification.status != NONE:
        if (notification.customer_id, notification.channel) == (command.customer_id, command.channel):
            return []
        raise AlreadyThere(status=notification.status)
    return [
        NotificationPosted(
            notification_id=command.notification_id,
            customer_id=command.customer_id,
            channel=command.channel,
            template=command.template,
            locale=command.locale,
            order_id=command.order_id,
            order_number=command.order_number,
            position=command.position,
        )
    ]


def read(command: ReadNotification, notification: Notification, context: Context) -> Sequence[NotificationEvent]:
    customer_id = _customer(notification, IN_APP)
    if notification.status == READ:
        return []
    return [NotificationRead(notification_id=command.notification_id, customer_id=customer_id, read_at=context.now)]


def accept(command: RecordMailAccepted, notification: Notification) -> Sequence[NotificationEvent]:
    """Also after a failure: somebody tried again."""
    customer_id = _customer(notification, EMAIL)
    if notification.status == ACCEPTED:
        return []
    return [
        MailAccepted(notification_id=command.notification_id, customer_id=customer_id, message_id=command.message_id)
    ]


def fail(command: RecordMailFailed, notification: Notification) -> Sequence[NotificationEvent]:
    customer_id = _customer(notification, EMAIL)
    if notification.status == FAILED:
        return []
    if notification.status == ACCEPTED:
        raise WrongState(state=ACCEPTED, allowed=[POSTED, FAILED])
    return [
        MailFailed(notification_id=command.notification_id, customer_id=customer_id, reason_code=command.reason_code)
    ]


def _customer(notification: Notification, channel: str) -> UUID:
    """Whose it is. Turns down what was never posted, or not on this channel."""
    if notification.customer_id is None:
        raise Unknown
    if notification.channel != channel:
        raise WrongChannel(channel=notification.channel, allowed=[channel])
    return notification.customer_id


NOTIFICATION: Decider[NotificationCommand, NotificationEvent, Notification] = Decider(
    "notification", Notification(), evolve, decide
)
