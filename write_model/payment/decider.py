"""One payment of an order: what is asked of the provider, never more than was authorised or captured.

A claim counts from its request on, so that wishes sent at once can't pass the amount together; a failure gives it back.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from write_model.kernel.decider import Decider
from write_model.kernel.message import Context
from write_model.payment import answers, refusals
from write_model.payment.commands import (
    AdoptPayment,
    AuthorizePayment,
    CapturePayment,
    CreatePayment,
    PaymentCommand,
    RecordActionRequired,
    RecordAuthorizationFailed,
    RecordAuthorized,
    RecordCaptured,
    RecordCaptureFailed,
    RecordOutcomeUnknown,
    RecordRefundFailed,
    RecordRefundSucceeded,
    RecordVoided,
    RecordVoidFailed,
    RefundPayment,
    RetryRefund,
    VoidPayment,
)
from write_model.payment.events import (
    AuthorizationRequested,
    CaptureRequested,
    PaymentAdopted,
    PaymentCreated,
    PaymentEvent,
    PaymentVoided,
    RefundRequested,
    VoidRequested,
)
from write_model.payment.state import (
    ACTION_REQUIRED,
    AUTHORIZED,
    AUTHORIZING,
    CAPTURE_UNKNOWN,
    CAPTURED,
    CAPTURING,
    CREATED,
    FAILED,
    MISMATCHED,
    NONE,
    UNKNOWN,
    VOIDED,
    VOIDING,
    evolve,
)
from write_model.payment.state import Payment as Payment
from write_model.payment.whose import whose

ON_CONFIRMATION, ON_SHIPMENT = "on_confirmation", "on_shipment"
TYPES = ("credit_card", "boleto", "voucher", "debit_card", "not_defined")


def decide(command: PaymentCommand, payment: Payment, context: Context) -> Sequence[PaymentEvent]:
    match command:
        case CreatePayment():
            return create(command, payment)
        case AuthorizePayment():
            return authorize(payment)
        case CapturePayment():
            return capture(command, payment)
        case VoidPayment():
            return void(payment)
        case RefundPayment():
            return refund(command, payment)
        case RetryRefund():
            return retry_refund(command, payment)
        case AdoptPayment():
            return adopt(command, payment)
        case _:
            return _answer(command, payment)


Recorded = (
    RecordAuthorized
    | RecordAuthorizationFailed
    | RecordActionRequired
    | RecordOutcomeUnknown
    | RecordCaptured
    | RecordCaptureFailed
    | RecordVoided
    | RecordVoidFailed
    | RecordRefundSucceeded
    | RecordRefundFailed
)


def _answer(command: Recorded, payment: Payment) -> Sequence[PaymentEvent]:
    match command:
        case RecordAuthorized():
            return answers.authorized(command, payment)
        case RecordAuthorizationFailed():
            return answers.authorization_failed(command, payment)
        case RecordActionRequired():
            return answers.action_required(command, payment)
        case RecordOutcomeUnknown():
            return answers.outcome_unknown(command, payment)
        case RecordCaptured():
            return answers.captured(command, payment)
        case RecordCaptureFailed():
            return answers.capture_failed(command, payment)
        case RecordVoided():
            return answers.voided(command, payment)
        case RecordVoidFailed():
            return answers.void_failed(command, payment)
        case RecordRefundSucceeded():
            return answers.refund_succeeded(command, payment)
        case RecordRefundFailed():
            return answers.refund_failed(command, payment)
        case _:
            assert_never(command)


def create(command: CreatePayment, payment: Payment) -> Sequence[PaymentEvent]:
    if command.amount_minor <= 0:
        raise refusals.AmountInvalid(min=1)
    if not command.method or command.capture_policy not in (ON_CONFIRMATION, ON_SHIPMENT):
        raise refusals.MethodInvalid(policies=[ON_CONFIRMATION, ON_SHIPMENT])
    if payment.status != NONE:
        raise refusals.AlreadyThere(state=payment.status)
    return [
        PaymentCreated(
            payment_id=command.payment_id,
            order_id=command.order_id,
            customer_id=command.customer_id,
            amount_minor=command.amount_minor,
            currency=command.currency,
            method=command.method,
            capture_policy=command.capture_policy,
        )
    ]


def authorize(payment: Payment) -> Sequence[PaymentEvent]:
    """Once: a second wish while the first is under way, or after it succeeded, asks for nothing."""
    said = whose(payment)
    if payment.status in (AUTHORIZING, ACTION_REQUIRED, UNKNOWN, AUTHORIZED, CAPTURING, CAPTURE_UNKNOWN, CAPTURED):
        return []
    if payment.status != CREATED:
        raise refusals.WrongState(state=payment.status, allowed=[CREATED])
    return [
        AuthorizationRequested(
            **said,
            attempt=1,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            method=payment.method,
        )
    ]


def capture(command: CapturePayment, payment: Payment) -> Sequence[PaymentEvent]:
    """One capture: the provider lets go of what it does not take. A second one finds nothing left."""
    said = whose(payment)
    if command.amount_minor is not None and command.amount_minor <= 0:
        raise refusals.AmountInvalid(min=1)
    if payment.status in (CAPTURING, CAPTURE_UNKNOWN, CAPTURED):
        raise refusals.ExceedsAuthorized(max=0)
    if payment.status != AUTHORIZED or payment.provider_ref is None:
        raise refusals.WrongState(state=payment.status, allowed=[AUTHORIZED])
    amount = payment.authorized_minor if command.amount_minor is None else command.amount_minor
    if amount > payment.authorized_minor:
        raise refusals.ExceedsAuthorized(max=payment.authorized_minor)
    return [
        CaptureRequested(**said, provider_ref=payment.provider_ref, attempt=payment.captures + 1, amount_minor=amount)
    ]


def void(payment: Payment) -> Sequence[PaymentEvent]:
    """Give the authorisation back. What the provider may still be doing must be known first."""
    said = whose(payment)
    if payment.status in (VOIDING, VOIDED, FAILED):
        return []
    if payment.captured_minor or payment.status == CAPTURED:
        raise refusals.AlreadyCaptured(capturedMinor=payment.captured_minor)
    if payment.status == CREATED:
        return [PaymentVoided(**said, provider_ref=None, provider_at=None)]
    if payment.status not in (ACTION_REQUIRED, AUTHORIZED, MISMATCHED) or payment.provider_ref is None:
        raise refusals.OutcomePending(state=payment.status)
    return [VoidRequested(**said, provider_ref=payment.provider_ref, attempt=payment.voids + 1)]


def refund(command: RefundPayment, payment: Payment) -> Sequence[PaymentEvent]:
    whose(payment)
    if command.amount_minor is not None and command.amount_minor <= 0:
        raise refusals.AmountInvalid(min=1)
    known = payment.refunds.get(command.refund_id)
    if known is not None:
        if command.amount_minor not in (None, known.amount_minor):
            raise refusals.RefundDiffers(amountMinor=known.amount_minor)
        return []
    left = payment.refundable_minor
    amount = left if command.amount_minor is None else command.amount_minor
    if amount > left or amount == 0:
        raise refusals.ExceedsCaptured(max=left)
    return [replace(_refund_requested(command, payment, amount, 1, command.reason), note=command.note)]


def retry_refund(command: RetryRefund, payment: Payment) -> Sequence[PaymentEvent]:
    """Meanwhile somebody else may have been given the amount: it is claimed as if it were new."""
    whose(payment)
    known = payment.refunds.get(command.refund_id)
    if known is None:
        raise refusals.RefundMissing(refundId=str(command.refund_id))
    if known.status != FAILED:
        return []
    if known.amount_minor > payment.refundable_minor:
        raise refusals.ExceedsCaptured(max=payment.refundable_minor)
    return [_refund_requested(command, payment, known.amount_minor, known.attempt + 1, known.reason)]


def adopt(command: AdoptPayment, payment: Payment) -> Sequence[PaymentEvent]:
    """As the other system wrote it: 0 is an amount there, and 0 a number of instalments."""
    if command.type not in TYPES:
        raise refusals.MethodInvalid(allowed=list(TYPES))
    if command.amount_minor < 0 or command.instalments < 0:
        raise refusals.AmountInvalid(min=0)
    adopted = PaymentAdopted(
        payment_id=command.payment_id,
        order_id=command.order_id,
        customer_id=command.customer_id,
        sequence=command.sequence,
        type=command.type,
        instalments=command.instalments,
        amount_minor=command.amount_minor,
        currency=command.currency,
    )
    if payment.status == NONE:
        return [adopted]
    if payment.adopted != adopted:
        raise refusals.AlreadyThere(state=payment.status)
    return []


def _refund_requested(
    command: RefundPayment | RetryRefund, payment: Payment, amount: int, attempt: int, reason: str
) -> RefundRequested:
    if payment.provider_ref is None:  # adopted: the money was taken by another system's provider
        raise refusals.WrongState(state=payment.status, allowed=[CAPTURED])
    return RefundRequested(
        **whose(payment),
        refund_id=command.refund_id,
        provider_ref=payment.provider_ref,
        attempt=attempt,
        amount_minor=amount,
        currency=payment.held_currency,
        reason=reason,
    )


PAYMENT: Decider[PaymentCommand, PaymentEvent, Payment] = Decider("payment", Payment(), evolve, decide)
