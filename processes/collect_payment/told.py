"""What does a provider's message mean for the payment? The commands that say the same in our words."""

from collections.abc import Sequence
from uuid import UUID

from processes.collect_payment.event_types import ACTION, CANCELLED, CAPTURED, FAILED, HELD
from processes.collect_payment.state import Collecting
from write_model.payment.commands import (
    PaymentCommandOf,
    RecordActionRequired,
    RecordAuthorizationFailed,
    RecordAuthorized,
    RecordCaptured,
    RecordVoided,
)
from write_model.provider_event.events import ProviderEventRecorded


def meant(state: Collecting, said: ProviderEventRecorded) -> Sequence[PaymentCommandOf]:
    """None for what is about another payment, lacks what it must have, or is of a type that means nothing here."""
    payment_id, ref = state.payment_id, said.payment_ref
    if payment_id is None or ref is None or said.payment_id not in (None, payment_id):
        return []
    if said.type == FAILED:
        code = said.decline_code or "declined"
        return [
            RecordAuthorizationFailed(
                payment_id=payment_id, provider_ref=ref, decline_code=code, provider_at=said.created_at
            )
        ]
    if said.type == ACTION and said.client_action is not None:
        return [
            RecordActionRequired(
                payment_id=payment_id,
                provider_ref=ref,
                client_action=said.client_action,
                provider_at=said.created_at,
            )
        ]
    if said.type == CANCELLED:
        return [RecordVoided(payment_id=payment_id, provider_ref=ref, provider_at=said.created_at)]
    return _about_money(payment_id, ref, said)


def _about_money(payment_id: UUID, ref: str, said: ProviderEventRecorded) -> Sequence[PaymentCommandOf]:
    if said.currency is None:
        return []
    if said.type == HELD and said.amount_minor is not None:
        return [
            RecordAuthorized(
                payment_id=payment_id,
                provider_ref=ref,
                amount_minor=said.amount_minor,
                currency=said.currency,
                provider_at=said.created_at,
            )
        ]
    if said.type == CAPTURED and said.captured_minor is not None:
        return [
            RecordCaptured(
                payment_id=payment_id,
                provider_ref=ref,
                amount_minor=said.captured_minor,
                currency=said.currency,
                provider_at=said.created_at,
            )
        ]
    return []
