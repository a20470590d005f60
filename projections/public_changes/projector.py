"""Keeps what each room's `publish` lets outsiders see, in order, under the position of the event."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from projections.public_changes.view import CHANNEL, SOURCE, PublicChange, SeenStream
from projections.running.projection import Document, Projection, rfc3339
from write_model.kernel.change import Change
from write_model.kernel.ids import category
from write_model.kernel.message import Envelope
from write_model.notification import public as notification
from write_model.notification.events import MailAccepted, MailFailed, NotificationPosted, NotificationRead
from write_model.order import events as orders
from write_model.order import public as order
from write_model.product import events as products
from write_model.product import public as product
from write_model.stock import events as stocks
from write_model.stock import public as stock

Publish = Callable[[Mapping[str, object] | None, Any], tuple[Mapping[str, object], Change | None]]

PUBLISH: Mapping[str, Publish] = {
    "product": product.publish,
    "stock": stock.publish,
    "order": order.publish,
    "notification": notification.publish,
}
HANDLES = (
    products.ProductCreated,
    products.VariantAdded,
    products.PriceChanged,
    products.ProductUpdated,
    products.ProductPublished,
    products.ProductArchived,
    products.ProductDeleted,
    stocks.StockOpened,
    stocks.StockReceived,
    stocks.StockAdjusted,
    stocks.StockReserved,
    stocks.ReservationExtended,
    stocks.ReservationReleased,
    stocks.ReservationExpired,
    stocks.ReservationAllocated,
    stocks.ReservationCommitted,
    stocks.StockRanLow,
    stocks.StockCameBack,
    orders.OrderPlaced,
    orders.OrderPaymentAuthorized,
    orders.OrderPaymentDeclined,
    orders.OrderPaymentActionRequired,
    orders.OrderPaymentOutcomeUnknown,
    orders.OrderConfirmed,
    orders.OrderPaymentCaptured,
    orders.OrderPaymentVoided,
    orders.RefundCompleted,
    orders.RefundFailed,
    orders.OrderCancelled,
    orders.OrderExpired,
    NotificationPosted,
    NotificationRead,
    MailAccepted,
    MailFailed,
)


def key(envelope: Envelope[Any]) -> Sequence[str]:
    """What was seen of its stream. The change itself is an entry under its position."""
    return (f"seen/{envelope.stream}",)


def project(before: SeenStream | None, envelope: Envelope[Any], key: str) -> SeenStream:
    publish = PUBLISH[category(envelope.stream)]
    seen, change = publish(None if before is None else before.seen, envelope)
    return SeenStream(seen=seen, change=None if change is None else _change(envelope, change))


def _change(envelope: Envelope[Any], change: Change) -> PublicChange:
    return PublicChange(
        position=envelope.position,
        type=change.type,
        channel=change.channel,
        audience=change.audience,
        occurred_at=rfc3339(envelope.effective_at),
        payload=change.payload,
        version=change.version,
    )


def entries(after: SeenStream) -> Sequence[tuple[str, Document]]:
    return () if after.change is None else ((str(after.change.position), after.change),)


PUBLIC_CHANGES: Projection[SeenStream] = Projection(
    name="public_changes",
    source=SOURCE,
    handles=HANDLES,
    key=key,
    project=project,
    entries=entries,
    nudge=CHANNEL,
    indexes=((("channel", 1), ("_id", 1)), (("audience", 1), ("_id", 1))),
)
