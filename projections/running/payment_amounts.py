"""How does a payment stand after each of its events? Shared by all documents that show payments."""

from collections.abc import Mapping
from typing import TypeVar

from msgspec.structs import replace

from projections.running.projection import Document
from write_model.payment.events import (
    AmountMismatchFound,
    AuthorizationActionRequired,
    AuthorizationFailed,
    AuthorizationRequested,
    AuthorizationSucceeded,
    AuthorizationUnknown,
    CaptureFailed,
    CaptureRequested,
    CaptureSucceeded,
    CaptureUnknown,
    PaymentAdopted,
    PaymentCreated,
    PaymentEvent,
    PaymentVoided,
    RefundFailed,
    RefundRequested,
    RefundSucceeded,
    RefundUnknown,
    VoidFailed,
    VoidRequested,
)

PAYMENT_EVENTS = (
    PaymentCreated,
    AuthorizationRequested,
    AuthorizationSucceeded,
    AuthorizationFailed,
    AuthorizationActionRequired,
    AuthorizationUnknown,
    CaptureRequested,
    CaptureSucceeded,
    CaptureFailed,
    CaptureUnknown,
    VoidRequested,
    PaymentVoided,
    VoidFailed,
    RefundRequested,
    RefundSucceeded,
    RefundFailed,
    RefundUnknown,
    AmountMismatchFound,
    PaymentAdopted,
)

STATUS_AFTER: Mapping[type[PaymentEvent], str] = {
    PaymentCreated: "CREATED",
    AuthorizationRequested: "AUTHORIZING",
    AuthorizationSucceeded: "AUTHORIZED",
    AuthorizationFailed: "FAILED",
    AuthorizationActionRequired: "ACTION_REQUIRED",
    AuthorizationUnknown: "UNKNOWN",
    CaptureRequested: "CAPTURING",
    CaptureSucceeded: "CAPTURED",
    CaptureFailed: "AUTHORIZED",
    CaptureUnknown: "CAPTURE_UNKNOWN",
    VoidRequested: "VOIDING",
    PaymentVoided: "VOIDED",
    AmountMismatchFound: "MISMATCHED",
    PaymentAdopted: "ADOPTED",
}
REFUND_STATUS_AFTER: Mapping[type[PaymentEvent], str] = {
    RefundRequested: "REQUESTED",
    RefundSucceeded: "SUCCEEDED",
    RefundFailed: "FAILED",
    RefundUnknown: "UNKNOWN",
}
CARD = "card"


class Refund(Document, frozen=True, kw_only=True):
    id: str
    status: str  # REQUESTED, SUCCEEDED, FAILED, UNKNOWN
    amount_minor: int
    reason: str | None = None


class PaymentAmounts(Document, frozen=True, kw_only=True):
    """Minor units. `type`: the word of the other system for adopted payments, else "card"."""

    id: str
    status: str
    status_before_void: str | None = None
    type: str = CARD
    sequence: int = 1
    instalments: int = 1
    amount_minor: int
    authorized_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    currency: str
    decline_code: str | None = None
    refunds: tuple[Refund, ...] = ()


P = TypeVar("P", bound=PaymentAmounts)


def opened(event: PaymentCreated | PaymentAdopted) -> dict[str, object]:
    """The fields of a payment that begins. What another system took is captured."""
    fields: dict[str, object] = {
        "id": str(event.payment_id),
        "status": STATUS_AFTER[type(event)],
        "amount_minor": event.amount_minor,
        "currency": event.currency,
    }
    if isinstance(event, PaymentAdopted):
        fields |= {
            "type": event.type,
            "sequence": event.sequence,
            "instalments": event.instalments,
            "authorized_minor": event.amount_minor,
            "captured_minor": event.amount_minor,
        }
    return fields


def moved(payment: P, event: PaymentEvent) -> P:
    """The payment after an event that does not begin it."""
    kind = type(event)
    if isinstance(event, RefundRequested | RefundSucceeded | RefundFailed | RefundUnknown):
        return _refunded(payment, event)
    if isinstance(event, VoidFailed):
        return replace(payment, status=payment.status_before_void or "AUTHORIZED", status_before_void=None)
    changes: dict[str, object] = {"status": STATUS_AFTER[kind]}
    match event:
        case AuthorizationSucceeded():
            changes["authorized_minor"] = event.amount_minor
        case AuthorizationFailed():
            changes["decline_code"] = event.decline_code
        case CaptureSucceeded():
            changes["captured_minor"] = event.amount_minor
        case VoidRequested():
            changes["status_before_void"] = payment.status
        case PaymentVoided():
            changes |= {"authorized_minor": 0, "status_before_void": None}
        case AmountMismatchFound():
            changes |= {"authorized_minor": event.found_minor, "currency": event.found_currency}
        case _:
            pass
    return replace(payment, **changes)


def _refunded(payment: P, event: RefundRequested | RefundSucceeded | RefundFailed | RefundUnknown) -> P:
    refund_id, status = str(event.refund_id), REFUND_STATUS_AFTER[type(event)]
    if isinstance(event, RefundRequested):
        refund = Refund(id=refund_id, status=status, amount_minor=event.amount_minor, reason=event.reason)
        others = tuple(other for other in payment.refunds if other.id != refund_id)
        return replace(payment, refunds=(*others, refund))
    refunds = tuple(replace(refund, status=status) if refund.id == refund_id else refund for refund in payment.refunds)
    refunded = sum(refund.amount_minor for refund in refunds if refund.status == "SUCCEEDED")
    return replace(payment, refunds=refunds, refunded_minor=refunded)
