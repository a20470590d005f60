"""Facts and wishes of one payment of 25.00 USD, valid by default."""

from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from tests.kit.builders.ids import CUSTOMER_ID, ORDER_ID, PAYMENT_ID, an_id
from tests.kit.given import NOW
from write_model.payment import commands, events

AMOUNT = 2500
REF = "pi_1"
METHOD = "pm_card_visa"
REFUND_ID = an_id("refund")
LATER = NOW + timedelta(seconds=10)
EARLIER = NOW - timedelta(seconds=10)


class Whose(TypedDict):
    payment_id: UUID
    order_id: UUID
    customer_id: UUID


WHOSE = Whose(payment_id=PAYMENT_ID, order_id=ORDER_ID, customer_id=CUSTOMER_ID)
CREATED = events.PaymentCreated(
    **WHOSE, amount_minor=AMOUNT, currency="USD", method=METHOD, capture_policy="on_confirmation"
)
REQUESTED = events.AuthorizationRequested(**WHOSE, attempt=1, amount_minor=AMOUNT, currency="USD", method=METHOD)
AUTHORIZED = events.AuthorizationSucceeded(**WHOSE, provider_ref=REF, amount_minor=AMOUNT, provider_at=NOW)
DECLINED = events.AuthorizationFailed(**WHOSE, provider_ref=REF, decline_code="card_declined", provider_at=NOW)
ACTION = events.AuthorizationActionRequired(**WHOSE, provider_ref=REF, client_action="https://3ds", provider_at=NOW)
UNKNOWN = events.AuthorizationUnknown(**WHOSE, reason="timeout")
CAPTURE_REQUESTED = events.CaptureRequested(**WHOSE, provider_ref=REF, attempt=1, amount_minor=AMOUNT)
CAPTURED = events.CaptureSucceeded(**WHOSE, provider_ref=REF, amount_minor=AMOUNT, provider_at=NOW)
CAPTURE_FAILED = events.CaptureFailed(**WHOSE, reason_code="provider_error")
CAPTURE_UNKNOWN = events.CaptureUnknown(**WHOSE, reason="timeout")
VOID_REQUESTED = events.VoidRequested(**WHOSE, provider_ref=REF, attempt=1)
VOIDED = events.PaymentVoided(**WHOSE, provider_ref=REF, provider_at=NOW)
VOID_FAILED = events.VoidFailed(**WHOSE, reason_code="provider_error")
MISMATCH = events.AmountMismatchFound(
    **WHOSE, provider_ref=REF, expected_minor=AMOUNT, found_minor=9900, found_currency="USD"
)

JUST_CREATED = (CREATED,)
ASKED = (CREATED, REQUESTED)
HELD = (*ASKED, AUTHORIZED)
TAKEN = (*HELD, CAPTURE_REQUESTED, CAPTURED)

AUTHORIZE = commands.AuthorizePayment(payment_id=PAYMENT_ID)
CAPTURE = commands.CapturePayment(payment_id=PAYMENT_ID)
VOID = commands.VoidPayment(payment_id=PAYMENT_ID, reason="order.cancelled")


def refund(amount: int | None = None, refund_id: UUID = REFUND_ID) -> commands.RefundPayment:
    return commands.RefundPayment(payment_id=PAYMENT_ID, refund_id=refund_id, reason="broken", amount_minor=amount)


def refund_requested(amount: int = AMOUNT, refund_id: UUID = REFUND_ID, attempt: int = 1) -> events.RefundRequested:
    return events.RefundRequested(
        **WHOSE,
        refund_id=refund_id,
        provider_ref=REF,
        attempt=attempt,
        amount_minor=amount,
        currency="USD",
        reason="broken",
    )


def refunded(amount: int = AMOUNT, refund_id: UUID = REFUND_ID) -> events.RefundSucceeded:
    return events.RefundSucceeded(
        **WHOSE, refund_id=refund_id, provider_refund="re_1", amount_minor=amount, provider_at=NOW
    )


def refund_failed(amount: int = AMOUNT, refund_id: UUID = REFUND_ID) -> events.RefundFailed:
    return events.RefundFailed(**WHOSE, refund_id=refund_id, amount_minor=amount, reason_code="provider_error")


def record_authorized(
    amount: int = AMOUNT, currency: str = "USD", at: datetime = NOW, ref: str = REF
) -> commands.RecordAuthorized:
    return commands.RecordAuthorized(
        payment_id=PAYMENT_ID, provider_ref=ref, amount_minor=amount, currency=currency, provider_at=at
    )


def record_declined(at: datetime | None = NOW) -> commands.RecordAuthorizationFailed:
    return commands.RecordAuthorizationFailed(
        payment_id=PAYMENT_ID, provider_ref=REF, decline_code="card_declined", provider_at=at
    )


def record_action(at: datetime = NOW) -> commands.RecordActionRequired:
    return commands.RecordActionRequired(
        payment_id=PAYMENT_ID, provider_ref=REF, client_action="https://3ds", provider_at=at
    )


def record_captured(amount: int = AMOUNT, currency: str = "USD") -> commands.RecordCaptured:
    return commands.RecordCaptured(
        payment_id=PAYMENT_ID, provider_ref=REF, amount_minor=amount, currency=currency, provider_at=NOW
    )


def record_voided(ref: str | None = REF) -> commands.RecordVoided:
    return commands.RecordVoided(payment_id=PAYMENT_ID, provider_ref=ref, provider_at=NOW)


def record_refunded(amount: int = AMOUNT, refund_id: UUID = REFUND_ID) -> commands.RecordRefundSucceeded:
    return commands.RecordRefundSucceeded(
        payment_id=PAYMENT_ID, refund_id=refund_id, provider_refund="re_1", amount_minor=amount, provider_at=NOW
    )
