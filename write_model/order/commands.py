"""What may be asked of an order alone. Placing, confirming and ending it are asked of `checkout`."""

from dataclasses import dataclass
from uuid import UUID

from write_model.kernel.message import Command
from write_model.order.events import Seller


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPaymentAuthorized(Command):
    order_id: UUID
    payment_id: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPaymentDeclined(Command):
    order_id: UUID
    payment_id: UUID
    decline_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPaymentActionRequired(Command):
    order_id: UUID
    payment_id: UUID
    client_action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPaymentOutcomeUnknown(Command):
    order_id: UUID
    payment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPaymentCaptured(Command):
    order_id: UUID
    payment_id: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPaymentVoided(Command):
    order_id: UUID
    payment_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundCompleted(Command):
    order_id: UUID
    payment_id: UUID
    refund_id: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundFailed(Command):
    order_id: UUID
    payment_id: UUID
    refund_id: UUID
    amount_minor: int
    reason_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptOrder(Command):
    order_id: UUID
    customer_id: UUID
    origin_order_id: str
    origin_customer_id: str
    origin_status: str
    currency: str
    purchased_at: str
    approved_at: str | None
    handed_to_carrier_at: str | None
    delivered_at: str | None
    estimated_delivery_on: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptItem(Command):
    order_id: UUID
    line: int
    product_id: UUID
    seller: Seller
    price_minor: int
    freight_minor: int
    shipping_limit: str


OrderCommand = (
    RecordPaymentAuthorized
    | RecordPaymentDeclined
    | RecordPaymentActionRequired
    | RecordPaymentOutcomeUnknown
    | RecordPaymentCaptured
    | RecordPaymentVoided
    | RecordRefundCompleted
    | RecordRefundFailed
    | AdoptOrder
    | AdoptItem
)
