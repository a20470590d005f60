"""What a customer is told of a notification in the app. Mail is nobody's to hear of but the mail's."""

from collections.abc import Mapping

from write_model.kernel.change import Change
from write_model.kernel.message import Envelope
from write_model.notification.decider import IN_APP, POSTED, READ, Notification
from write_model.notification.events import NotificationEvent, NotificationPosted, NotificationRead

NEW, WAS_READ = "notification:new", "notification:read"


def publish(
    seen: Mapping[str, object] | None, envelope: Envelope[NotificationEvent]
) -> tuple[Mapping[str, object], Change | None]:
    """New in the app, and read there (the customer's other devices want to know)."""
    event = envelope.event
    channel = f"customer:{event.customer_id}"
    if isinstance(event, NotificationPosted) and event.channel == IN_APP:
        payload: dict[str, object] = {
            "notificationId": str(event.notification_id),
            "template": event.template,
            "locale": event.locale,
            "orderId": str(event.order_id),
            "orderNumber": event.order_number,
            "status": POSTED,
        }
        return {}, Change(type=NEW, channel=channel, audience=channel, payload=payload)
    if isinstance(event, NotificationRead):
        payload = {"notificationId": str(event.notification_id), "status": READ}
        return {}, Change(type=WAS_READ, channel=channel, audience=channel, payload=payload)
    return {}, None


def answer(notification: Notification) -> dict[str, object]:
    """The body of a command's answer."""
    return {
        "id": str(notification.notification_id),
        "status": notification.status,
        "channel": notification.channel,
        "template": notification.template,
        "orderId": None if notification.order_id is None else str(notification.order_id),
        "orderNumber": notification.order_number,
    }
