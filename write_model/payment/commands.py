"""What may be asked of a payment. Requests come first, the provider's answers are recorded after them."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from write_model.kernel.message import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCommandOf(Command):
    """What every payment command says: which payment."""

    payment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePayment(PaymentCommandOf):
    """Part of PlaceOrder."""

    order_id: UUID
    customer_id: UUID
    amount_minor: int
    currency: str
    method: str
    capture_policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizePayment(PaymentCommandOf):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturePayment(PaymentCommandOf):
    amount_minor: int | None = None  # None: all that is authorised


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidPayment(PaymentCommandOf):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPayment(PaymentCommandOf):
    refund_id: UUID
    reason: str  # a code: "requested", "order.ended"
    amount_minor: int | None = None  # None: all that is left
    note: str | None = field(repr=False, default=None)  # the words of who asks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRefund(PaymentCommandOf):
    """Another attempt of a refund that failed; the amount is claimed again."""

    refund_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAuthorized(PaymentCommandOf):
    provider_ref: str
    amount_minor: int
    currency: str
    provider_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAuthorizationFailed(PaymentCommandOf):
    provider_ref: str | None
    decline_code: str
    provider_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordActionRequired(PaymentCommandOf):
    provider_ref: str
    client_action: str
    provider_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOutcomeUnknown(PaymentCommandOf):
    """Of the operation that is under way: authorisation, capture, void, or the refund named."""

    reason: str
    refund_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCaptured(PaymentCommandOf):
    provider_ref: str
    amount_minor: int  # captured in all
    currency: str
    provider_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCaptureFailed(PaymentCommandOf):
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVoided(PaymentCommandOf):
    provider_ref: str | None
    provider_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordVoidFailed(PaymentCommandOf):
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundSucceeded(PaymentCommandOf):
    refund_id: UUID
    provider_refund: str
    amount_minor: int
    provider_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundFailed(PaymentCommandOf):
    refund_id: UUID
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptPayment(PaymentCommandOf):
    order_id: UUID
    customer_id: UUID
    sequence: int
    type: str
    instalments: int
    amount_minor: int
    currency: str


PaymentCommand = (
    CreatePayment
    | AuthorizePayment
    | CapturePayment
    | VoidPayment
    | RefundPayment
    | RetryRefund
    | RecordAuthorized
    | RecordAuthorizationFailed
    | RecordActionRequired
    | RecordOutcomeUnknown
    | RecordCaptured
    | RecordCaptureFailed
    | RecordVoided
    | RecordVoidFailed
    | RecordRefundSucceeded
    | RecordRefundFailed
    | AdoptPayment
)
