"""What decisions about a payment need to know of its past. 0 <= refunded <= captured <= authorised at every version."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

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

NONE, CREATED, AUTHORIZING, ACTION_REQUIRED, UNKNOWN = "NONE", "CREATED", "AUTHORIZING", "ACTION_REQUIRED", "UNKNOWN"
AUTHORIZED, FAILED, CAPTURING, CAPTURE_UNKNOWN = "AUTHORIZED", "FAILED", "CAPTURING", "CAPTURE_UNKNOWN"
CAPTURED, VOIDING, VOIDED = "CAPTURED", "VOIDING", "VOIDED"
MISMATCHED, ADOPTED = "MISMATCHED", "ADOPTED"
REQUESTED, SUCCEEDED = "REQUESTED", "SUCCEEDED"  # of a refund, beside FAILED and UNKNOWN


@dataclass(frozen=True, slots=True)
class Refund:
    status: str
    amount_minor: int
    attempt: int
    reason: str

    @property
    def claims(self) -> int:
        """What may not be refunded a second time."""
        return 0 if self.status == FAILED else self.amount_minor


@dataclass(frozen=True, slots=True)
class Payment:
    payment_id: UUID | None = None
    order_id: UUID | None = None
    customer_id: UUID | None = None
    status: str = NONE
    amount_minor: int = 0  # what the order costs
    currency: str = ""
    method: str = ""
    capture_policy: str = ""
    provider_ref: str | None = None
    provider_at: datetime | None = None  # of the newest answer to the authorisation
    held_currency: str = ""  # what the provider really holds: another one only after a mismatch
    authorized_minor: int = 0
    capture_claim: int = 0  # requested, neither succeeded nor failed
    captured_minor: int = 0
    refunds: Mapping[UUID, Refund] = field(default_factory=dict)
    captures: int = 0  # attempts
    voids: int = 0
    before_void: str = AUTHORIZED  # where a void that fails leads back to
    adopted: PaymentAdopted | None = None

    @property
    def refunded_minor(self) -> int:
        return sum(refund.amount_minor for refund in self.refunds.values() if refund.status == SUCCEEDED)

    @property
    def refundable_minor(self) -> int:
        """Captured, and claimed by no refund that has succeeded or may still do so."""
        return self.captured_minor - sum(refund.claims for refund in self.refunds.values())


def evolve(payment: Payment, event: PaymentEvent) -> Payment:
    match event:
        case PaymentCreated():
            return _created(event)
        case AuthorizationRequested():
            return replace(payment, status=AUTHORIZING)
        case AuthorizationSucceeded():
            return _authorized(payment, event)
        case AuthorizationFailed():
            ref, at = event.provider_ref or payment.provider_ref, event.provider_at or payment.provider_at
            return replace(payment, status=FAILED, provider_ref=ref, provider_at=at)
        case AuthorizationActionRequired():
            at, ref = event.provider_at, event.provider_ref
            return replace(payment, status=ACTION_REQUIRED, provider_ref=ref, provider_at=at)
        case AuthorizationUnknown():
            return replace(payment, status=UNKNOWN)
        case CaptureRequested():
            return replace(payment, status=CAPTURING, capture_claim=event.amount_minor, captures=event.attempt)
        case CaptureSucceeded():
            return replace(payment, status=CAPTURED, capture_claim=0, captured_minor=event.amount_minor)
        case CaptureFailed():
            return replace(payment, status=AUTHORIZED, capture_claim=0)
        case CaptureUnknown():
            return replace(payment, status=CAPTURE_UNKNOWN)
        case VoidRequested() | PaymentVoided() | VoidFailed():
            return _voiding(payment, event)
        case RefundRequested() | RefundSucceeded() | RefundFailed() | RefundUnknown():
            return replace(payment, refunds={**payment.refunds, event.refund_id: _refund(payment, event)})
        case AmountMismatchFound():
            return replace(
                payment,
                status=MISMATCHED,
                provider_ref=event.provider_ref,
                authorized_minor=event.found_minor,
                held_currency=event.found_currency,
            )
        case PaymentAdopted():
            return _adopted(event)
        case _:
            assert_never(event)


def _created(event: PaymentCreated) -> Payment:
    return Payment(
        payment_id=event.payment_id,
        order_id=event.order_id,
        customer_id=event.customer_id,
        status=CREATED,
        amount_minor=event.amount_minor,
        currency=event.currency,
        held_currency=event.currency,
        method=event.method,
        capture_policy=event.capture_policy,
    )


def _adopted(event: PaymentAdopted) -> Payment:
    return Payment(
        payment_id=event.payment_id,
        order_id=event.order_id,
        customer_id=event.customer_id,
        status=ADOPTED,
        amount_minor=event.amount_minor,
        currency=event.currency,
        held_currency=event.currency,
        method=event.type,
        authorized_minor=event.amount_minor,
        captured_minor=event.amount_minor,
        adopted=event,
    )


def _authorized(payment: Payment, event: AuthorizationSucceeded) -> Payment:
    return replace(
        payment,
        status=AUTHORIZED,
        provider_ref=event.provider_ref,
        provider_at=event.provider_at,
        authorized_minor=event.amount_minor,
    )


def _voiding(payment: Payment, event: VoidRequested | PaymentVoided | VoidFailed) -> Payment:
    match event:
        case VoidRequested():
            return replace(payment, status=VOIDING, voids=event.attempt, before_void=payment.status)
        case PaymentVoided():
            ref = event.provider_ref or payment.provider_ref
            return replace(payment, status=VOIDED, authorized_minor=0, capture_claim=0, provider_ref=ref)
        case VoidFailed():
            return replace(payment, status=payment.before_void)


def _refund(payment: Payment, event: RefundRequested | RefundSucceeded | RefundFailed | RefundUnknown) -> Refund:
    match event:
        case RefundRequested():
            return Refund(REQUESTED, event.amount_minor, event.attempt, event.reason)
        case RefundSucceeded():
            return replace(payment.refunds[event.refund_id], status=SUCCEEDED)
        case RefundFailed():
            return replace(payment.refunds[event.refund_id], status=FAILED)
        case RefundUnknown():
            return replace(payment.refunds[event.refund_id], status=UNKNOWN)
