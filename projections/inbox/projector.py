"""Keeps a customer's notifications of every channel."""

from collections.abc import Sequence

from msgspec.structs import replace

from projections.inbox.view import SOURCE, InboxEntry
from projections.running.projection import Projection, rfc3339
from write_model.kernel.message import Envelope
from write_model.notification.events import (
    MailAccepted,
    MailFailed,
    NotificationEvent,
    NotificationPosted,
    NotificationRead,
)

HANDLES = (NotificationPosted, NotificationRead, MailAccepted, MailFailed)


def key(envelope: Envelope[NotificationEvent]) -> Sequence[str]:
    return (str(envelope.event.notification_id),)


def project(entry: InboxEntry | None, envelope: Envelope[NotificationEvent], key: str) -> InboxEntry | None:
    event = envelope.event
    if isinstance(event, NotificationPosted):
        return InboxEntry(
            id=key,
            customer_id=str(event.customer_id),
            channel=event.channel,
            template=event.template,
            locale=event.locale,
            order_id=str(event.order_id),
            order_number=event.order_number,
            status="POSTED",
            posted_at=rfc3339(envelope.effective_at),
        )
    if entry is None:
        return None
    match event:
        case NotificationRead():
            return replace(entry, status="READ", read_at=rfc3339(event.read_at))
        case MailAccepted():
            return replace(entry, status="ACCEPTED", failure=None)
        case MailFailed():
            return replace(entry, status="FAILED", failure=event.reason_code)


INBOX: Projection[InboxEntry] = Projection(
    name="inbox",
    source=SOURCE,
    handles=HANDLES,
    key=key,
    project=project,
    indexes=((("customerId", 1), ("channel", 1), ("postedAt", -1), ("_id", -1)),),
)
