"""What the provider says, recorded: a repeat and older news make no event, another amount is found out.

The provider's answers come from our own calls and from its webhooks, in any order. A payment moves forward only:
waiting for the customer, then authorised or failed, then captured or voided. Between answers of one rank the
provider's time decides.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from write_model.payment import refusals
from write_model.payment.commands import (
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
)
from write_model.payment.events import (
    AmountMismatchFound,
    AuthorizationActionRequired,
    AuthorizationFailed,
    AuthorizationSucceeded,
    AuthorizationUnknown,
    CaptureFailed,
    CaptureSucceeded,
    CaptureUnknown,
    PaymentEvent,
    PaymentVoided,
    RefundFailed,
    RefundSucceeded,
    RefundUnknown,
    VoidFailed,
)
from write_model.payment.state import (
    ACTION_REQUIRED,
    ADOPTED,
    AUTHORIZED,
    AUTHORIZING,
    CAPTURE_UNKNOWN,
    CAPTURING,
    CREATED,
    FAILED,
    MISMATCHED,
    REQUESTED,
    SUCCEEDED,
    UNKNOWN,
    VOIDED,
    VOIDING,
    Payment,
    Refund,
)
from write_model.payment.whose import Whose, whose

OPEN = frozenset({CREATED, AUTHORIZING, ACTION_REQUIRED, UNKNOWN, FAILED})  # an authorisation may still succeed
HELD = frozenset({AUTHORIZED, CAPTURING, CAPTURE_UNKNOWN, VOIDING})


def authorized(command: RecordAuthorized, payment: Payment) -> Sequence[PaymentEvent]:
    """Also of a payment that was declined, or given up before the provider was known to act: money that is there."""
    said = _answered(payment, command.provider_ref)
    if not _given_up(payment) and (payment.status not in OPEN or _older(payment, command.provider_at)):
        return []
    if (command.amount_minor, command.currency) != (payment.amount_minor, payment.currency):
        return [_mismatch(payment, command.provider_ref, payment.amount_minor, command.amount_minor, command.currency)]
    return [
        AuthorizationSucceeded(
            **said,
            provider_ref=command.provider_ref,
            amount_minor=command.amount_minor,
            provider_at=command.provider_at,
        )
    ]


def authorization_failed(command: RecordAuthorizationFailed, payment: Payment) -> Sequence[PaymentEvent]:
    said = _answered(payment, command.provider_ref)
    if payment.status not in OPEN - {FAILED} or _older(payment, command.provider_at):
        return []
    return [
        AuthorizationFailed(
            **said,
            provider_ref=command.provider_ref,
            decline_code=command.decline_code,
            provider_at=command.provider_at,
        )
    ]


def action_required(command: RecordActionRequired, payment: Payment) -> Sequence[PaymentEvent]:
    """Also of a payment that was given up before the provider was known to act: then it has to be voided there."""
    said = _answered(payment, command.provider_ref)
    waits = payment.status in OPEN - {ACTION_REQUIRED, FAILED} or _given_up(payment)
    if not waits or _older(payment, command.provider_at):
        return []
    return [
        AuthorizationActionRequired(
            **said,
            provider_ref=command.provider_ref,
            client_action=command.client_action,
            provider_at=command.provider_at,
        )
    ]


def outcome_unknown(command: RecordOutcomeUnknown, payment: Payment) -> Sequence[PaymentEvent]:
    """Of a void there is nothing to record: it is wished again under the same key until it is answered."""
    said = whose(payment)
    if command.refund_id is not None:
        refund = _refund(payment, command.refund_id)
        if refund.status != REQUESTED:
            return []
        return [RefundUnknown(**said, refund_id=command.refund_id, reason=command.reason)]
    if payment.status == AUTHORIZING:
        return [AuthorizationUnknown(**said, reason=command.reason)]
    if payment.status == CAPTURING:
        return [CaptureUnknown(**said, reason=command.reason)]
    return []


def captured(command: RecordCaptured, payment: Payment) -> Sequence[PaymentEvent]:
    """The amount is what is captured in all. A capture that nobody here wished for is money all the same."""
    said = _answered(payment, command.provider_ref)
    if payment.status == VOIDED and payment.provider_ref is not None:
        return []  # what was voided cannot be captured: older news
    if command.amount_minor <= payment.captured_minor:
        return []
    success = CaptureSucceeded(
        **said, provider_ref=command.provider_ref, amount_minor=command.amount_minor, provider_at=command.provider_at
    )
    expected = payment.capture_claim or payment.authorized_minor or payment.amount_minor
    fits = command.amount_minor == expected if payment.capture_claim else command.amount_minor <= expected
    if not fits or command.currency != payment.held_currency:
        mismatch = _mismatch(payment, command.provider_ref, expected, command.amount_minor, command.currency)
        return [mismatch, success]
    if payment.authorized_minor:
        return [success]
    authorization = AuthorizationSucceeded(
        **said, provider_ref=command.provider_ref, amount_minor=expected, provider_at=command.provider_at
    )
    return [authorization, success]


def capture_failed(command: RecordCaptureFailed, payment: Payment) -> Sequence[PaymentEvent]:
    """The claim is given back: it may be captured again."""
    said = whose(payment)
    if payment.status not in (CAPTURING, CAPTURE_UNKNOWN):
        return []
    return [CaptureFailed(**said, reason_code=command.reason_code)]


def voided(command: RecordVoided, payment: Payment) -> Sequence[PaymentEvent]:
    """By our wish, or because the provider gave it up (an authorisation ends by itself after days).

    That there was nothing to void is older news once the provider has named what is there.
    """
    said = _answered(payment, command.provider_ref)
    if command.provider_ref is None and payment.provider_ref is not None:
        return []
    if payment.status not in HELD | OPEN - {FAILED} | {MISMATCHED} or payment.captured_minor:
        return []
    return [PaymentVoided(**said, provider_ref=command.provider_ref, provider_at=command.provider_at)]


def void_failed(command: RecordVoidFailed, payment: Payment) -> Sequence[PaymentEvent]:
    said = whose(payment)
    return [VoidFailed(**said, reason_code=command.reason_code)] if payment.status == VOIDING else []


def refund_succeeded(command: RecordRefundSucceeded, payment: Payment) -> Sequence[PaymentEvent]:
    """Also after a failure: the provider's newest word. The claim is then made again by the success."""
    said = whose(payment)
    refund = _refund(payment, command.refund_id)
    if refund.status == SUCCEEDED:
        return []
    if refund.amount_minor != command.amount_minor:
        raise refusals.RefundDiffers(amountMinor=refund.amount_minor)
    if refund.status == FAILED and refund.amount_minor > payment.refundable_minor:
        raise refusals.ExceedsCaptured(max=payment.refundable_minor)
    return [
        RefundSucceeded(
            **said,
            refund_id=command.refund_id,
            provider_refund=command.provider_refund,
            amount_minor=command.amount_minor,
            provider_at=command.provider_at,
        )
    ]


def refund_failed(command: RecordRefundFailed, payment: Payment) -> Sequence[PaymentEvent]:
    """The claim is given back."""
    said = whose(payment)
    refund = _refund(payment, command.refund_id)
    if refund.status in (FAILED, SUCCEEDED):
        return []
    return [
        RefundFailed(
            **said, refund_id=command.refund_id, amount_minor=refund.amount_minor, reason_code=command.reason_code
        )
    ]


def _answered(payment: Payment, provider_ref: str | None) -> Whose:
    """Whose payment it is. Turns down what the provider says of another payment than ours."""
    said = whose(payment)
    if payment.status == ADOPTED:
        raise refusals.WrongState(state=ADOPTED, allowed=[])
    if payment.provider_ref is not None and provider_ref not in (None, payment.provider_ref):
        raise refusals.RefDiffers
    return said


def _given_up(payment: Payment) -> bool:
    """Voided while the provider knew of nothing: whatever it says later is news."""
    return payment.status == VOIDED and payment.provider_ref is None


def _older(payment: Payment, at: datetime | None) -> bool:
    return at is not None and payment.provider_at is not None and at < payment.provider_at


def _refund(payment: Payment, refund_id: UUID) -> Refund:
    refund = payment.refunds.get(refund_id)
    if refund is None:
        raise refusals.RefundMissing(refundId=str(refund_id))
    return refund


def _mismatch(payment: Payment, ref: str, expected: int, found: int, currency: str) -> AmountMismatchFound:
    return AmountMismatchFound(
        **whose(payment), provider_ref=ref, expected_minor=expected, found_minor=found, found_currency=currency
    )
