"""What a verified webhook becomes. Its stream takes version 1 only: that is the deduplication."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from write_model.kernel.message import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordProviderEvent(Command):
    provider: str
    provider_event_id: str
    type: str
    created_at: datetime
    payment_ref: str | None
    order_id: UUID | None
    payment_id: UUID | None
    status: str | None
    amount_minor: int | None
    captured_minor: int | None
    currency: str | None
    decline_code: str | None
    client_action: str | None


ProviderEventCommand = RecordProviderEvent
