"""What may be asked of one notification on one channel."""

from dataclasses import dataclass
from uuid import UUID

from write_model.kernel.message import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class PostNotification(Command):
    notification_id: UUID
    customer_id: UUID
    channel: str
    template: str
    locale: str
    order_id: UUID
    order_number: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNotification(Command):
    notification_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMailAccepted(Command):
    notification_id: UUID
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMailFailed(Command):
    notification_id: UUID
    reason_code: str


NotificationCommand = PostNotification | ReadNotification | RecordMailAccepted | RecordMailFailed
