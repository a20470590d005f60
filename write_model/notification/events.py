"""These classes are the storage format. A change to one needs a new version and an upcaster."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from write_model.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationEventOf(Event):
    """What every notification event says: whose it is."""

    notification_id: UUID  # of the pair (causing event, channel)
    customer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationPosted(NotificationEventOf):
    channel: str  # "in_app" or "email"
    template: str  # "order_confirmed"
    locale: str
    order_id: UUID
    order_number: str
    position: int  # of the causing event: the sender reads the personal data there


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRead(NotificationEventOf):
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAccepted(NotificationEventOf):
    """The mail server took it."""

    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFailed(NotificationEventOf):
    reason_code: str


NotificationEvent = NotificationPosted | NotificationRead | MailAccepted | MailFailed
