"""Keeps every payment's amounts and state."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from projections.payment_ledger.view import SOURCE, PaymentRecord
from projections.running.payment_amounts import PAYMENT_EVENTS, moved, opened
from projections.running.projection import Projection, rfc3339
from write_model.kernel.message import Envelope
from write_model.payment.events import PaymentAdopted, PaymentCreated, PaymentEvent


def key(envelope: Envelope[PaymentEvent]) -> Sequence[str]:
    return (str(envelope.event.payment_id),)


def project(payment: PaymentRecord | None, envelope: Envelope[PaymentEvent], key: str) -> PaymentRecord | None:
    event, at = envelope.event, rfc3339(envelope.effective_at)
    if isinstance(event, PaymentCreated | PaymentAdopted):
        return PaymentRecord(
            **opened(event),  # type: ignore[arg-type]  # the fields' own types
            version=envelope.version,
            order_id=str(event.order_id),
            customer_id=str(event.customer_id),
            capture_policy=event.capture_policy if isinstance(event, PaymentCreated) else None,
            imported=isinstance(event, PaymentAdopted),
            created_at=at,
            updated_at=at,
        )
    return None if payment is None else replace(moved(payment, event), version=envelope.version, updated_at=at)


def columns(payment: PaymentRecord) -> Mapping[str, object]:
    return {
        "order_id": payment.order_id,
        "type": payment.type,
        "state": payment.status,
        "authorised_minor": payment.authorized_minor,
        "captured_minor": payment.captured_minor,
        "refunded_minor": payment.refunded_minor,
        "currency": payment.currency,
        "instalments": payment.instalments,
        "origin": "import" if payment.imported else None,
    }


PAYMENT_LEDGER: Projection[PaymentRecord] = Projection(
    name="payment_ledger",
    source=SOURCE,
    handles=PAYMENT_EVENTS,
    key=key,
    project=project,
    columns=columns,
    gathers=0.25,
)
