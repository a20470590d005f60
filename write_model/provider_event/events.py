"""These classes are the storage format. A change to one needs a new version and an upcaster."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from write_model.kernel.message import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEventRecorded(Event):
    """What a provider told us by webhook: the allow-listed fields only. Unknown types are recorded, too."""

    provider: str  # "stripe"
    provider_event_id: str
    type: str  # the provider's word, as "payment_intent.succeeded"
    created_at: datetime  # the provider's time
    payment_ref: str | None  # the provider's payment
    order_id: UUID | None  # from our metadata
    payment_id: UUID | None
    status: str | None
    amount_minor: int | None
    captured_minor: int | None
    currency: str | None
    decline_code: str | None
    client_action: str | None


ProviderEventEvent = ProviderEventRecorded
