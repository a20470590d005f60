"""These classes are the storage format. A change to one needs a new version and an upcaster.

`provider_at` is the provider's own time: what is older than what is recorded makes no event.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from write_model.kernel.message import Event
from write_model.kernel.personal import Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEventOfOrder(Event):
    """What every payment event says: whose it is."""

    payment_id: UUID
    order_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentCreated(PaymentEventOfOrder):
    amount_minor: int
    currency: str
    method: str
    capture_policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequested(PaymentEventOfOrder):
    attempt: int
    amount_minor: int
    currency: str
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationSucceeded(PaymentEventOfOrder):
    provider_ref: str
    amount_minor: int
    provider_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationFailed(PaymentEventOfOrder):
    provider_ref: str | None
    decline_code: str
    provider_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationActionRequired(PaymentEventOfOrder):
    provider_ref: str
    client_action: str
    provider_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationUnknown(PaymentEventOfOrder):
    """The provider may or may not have acted: it is asked until it says."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureRequested(PaymentEventOfOrder):
    provider_ref: str
    attempt: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSucceeded(PaymentEventOfOrder):
    provider_ref: str
    amount_minor: int
    provider_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureFailed(PaymentEventOfOrder):
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureUnknown(PaymentEventOfOrder):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidRequested(PaymentEventOfOrder):
    provider_ref: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentVoided(PaymentEventOfOrder):
    provider_ref: str | None  # None: nothing had been authorised
    provider_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidFailed(PaymentEventOfOrder):
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequested(PaymentEventOfOrder):
    refund_id: UUID
    provider_ref: str
    attempt: int
    amount_minor: int
    currency: str
    reason: str  # a code: "requested", "order.ended"
    note: Personal[str] = None  # in the words of who asked for it: they may be about a person


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSucceeded(PaymentEventOfOrder):
    refund_id: UUID
    provider_refund: str
    amount_minor: int
    provider_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(PaymentEventOfOrder):
    """The amount may be refunded again."""

    refund_id: UUID
    amount_minor: int
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundUnknown(PaymentEventOfOrder):
    refund_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountMismatchFound(PaymentEventOfOrder):
    """The provider speaks of another amount than ours: the money is given back, people are told."""

    provider_ref: str
    expected_minor: int
    found_minor: int
    found_currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAdopted(PaymentEventOfOrder):
    """A payment of another system, as that system wrote it."""

    sequence: int
    type: str  # "credit_card", "boleto", "voucher", "debit_card", "not_defined"
    instalments: int
    amount_minor: int
    currency: str


PaymentEvent = (
    PaymentCreated
    | AuthorizationRequested
    | AuthorizationSucceeded
    | AuthorizationFailed
    | AuthorizationActionRequired
    | AuthorizationUnknown
    | CaptureRequested
    | CaptureSucceeded
    | CaptureFailed
    | CaptureUnknown
    | VoidRequested
    | PaymentVoided
    | VoidFailed
    | RefundRequested
    | RefundSucceeded
    | RefundFailed
    | RefundUnknown
    | AmountMismatchFound
    | PaymentAdopted
)
