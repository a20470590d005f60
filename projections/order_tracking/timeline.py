"""What does the timeline say of an event? Its stored name, when, and facts that its owner may see."""

from collections.abc import Callable, Mapping
from typing import Any

from projections.order_tracking.view import TimelineEntry
from projections.running.projection import rfc3339
from write_model.kernel.message import Envelope, Event
from write_model.order import events as order
from write_model.payment import events as payment

Facts = Callable[[Any], dict[str, object]]


def _nothing(_: Any) -> dict[str, object]:
    return {}


def _amount(event: Any) -> dict[str, object]:
    return {"paymentId": str(event.payment_id), "amountMinor": event.amount_minor}


def _payment(event: Any) -> dict[str, object]:
    return {"paymentId": str(event.payment_id)}


def _refund(event: Any) -> dict[str, object]:
    return {"paymentId": str(event.payment_id), "refundId": str(event.refund_id), "amountMinor": event.amount_minor}


def _declined(event: Any) -> dict[str, object]:
    return {"paymentId": str(event.payment_id), "declineCode": event.decline_code}


def _ended(event: Any) -> dict[str, object]:
    return {"reason": event.reason}


# The stored names of handling.names, for ever; a test holds them equal.
WORDS: Mapping[type[Event], tuple[str, Facts]] = {
    order.OrderPlaced: ("order.placed", lambda event: {"totalMinor": event.totals.total_minor}),
    order.OrderPaymentAuthorized: ("order.payment_authorized", _amount),
    order.OrderPaymentDeclined: ("order.payment_declined", _declined),
    order.OrderPaymentActionRequired: ("order.payment_action_required", _payment),
    order.OrderPaymentOutcomeUnknown: ("order.payment_outcome_unknown", _payment),
    order.OrderConfirmed: ("order.confirmed", _nothing),
    order.OrderPaymentCaptured: ("order.payment_captured", _amount),
    order.OrderPaymentVoided: ("order.payment_voided", _payment),
    order.RefundCompleted: ("order.refund_completed", _refund),
    order.RefundFailed: ("order.refund_failed", _refund),
    order.OrderCancelled: ("order.cancelled", _ended),
    order.OrderExpired: ("order.expired", _ended),
    order.OrderAdopted: ("order.adopted", lambda event: {"originStatus": event.origin_status}),
    order.ItemAdopted: ("order.item_adopted", lambda event: {"line": event.line}),
    payment.PaymentCreated: ("payment.created", _amount),
    payment.AuthorizationRequested: ("payment.authorization_requested", _amount),
    payment.AuthorizationSucceeded: ("payment.authorization_succeeded", _amount),
    payment.AuthorizationFailed: ("payment.authorization_failed", _declined),
    payment.AuthorizationActionRequired: ("payment.authorization_action_required", _payment),
    payment.AuthorizationUnknown: ("payment.authorization_unknown", _payment),
    payment.CaptureRequested: ("payment.capture_requested", _amount),
    payment.CaptureSucceeded: ("payment.capture_succeeded", _amount),
    payment.CaptureFailed: ("payment.capture_failed", _payment),
    payment.CaptureUnknown: ("payment.capture_unknown", _payment),
    payment.VoidRequested: ("payment.void_requested", _payment),
    payment.PaymentVoided: ("payment.voided", _payment),
    payment.VoidFailed: ("payment.void_failed", _payment),
    payment.RefundRequested: ("payment.refund_requested", _refund),
    payment.RefundSucceeded: ("payment.refund_succeeded", _refund),
    payment.RefundFailed: ("payment.refund_failed", _refund),
    payment.RefundUnknown: (
        "payment.refund_unknown",
        lambda event: {"paymentId": str(event.payment_id), "refundId": str(event.refund_id)},
    ),
    payment.AmountMismatchFound: ("payment.amount_mismatch_found", _payment),
    payment.PaymentAdopted: ("payment.adopted", _amount),
}


def entry(envelope: Envelope[Any]) -> TimelineEntry:
    name, facts = WORDS[type(envelope.event)]
    return TimelineEntry(
        position=envelope.position,
        type=name,
        at=rfc3339(envelope.effective_at),
        recorded_at=rfc3339(envelope.recorded_at),
        data=facts(envelope.event),
    )
