"""One message of a provider, as it came: its stream takes one event, so that a second delivery changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from write_model.kernel.decider import Decider
from write_model.kernel.message import Context
from write_model.kernel.text import fits
from write_model.provider_event.commands import ProviderEventCommand
from write_model.provider_event.events import ProviderEventEvent, ProviderEventRecorded
from write_model.provider_event.rules import LONGEST, Malformed, identity


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    provider_event: UUID | None = None
    type: str = ""
    payment_ref: str | None = None


def evolve(state: ProviderEvent, event: ProviderEventEvent) -> ProviderEvent:
    return ProviderEvent(identity(event.provider, event.provider_event_id), event.type, event.payment_ref)


def decide(command: ProviderEventCommand, state: ProviderEvent, context: Context) -> Sequence[ProviderEventEvent]:
    """Whatever its type: unknown ones are recorded, too. What it means is for the processes to say."""
    if state.provider_event is not None:
        return []
    for word in (command.provider, command.provider_event_id, command.type):
        if not fits(word, LONGEST):
            raise Malformed(longest=LONGEST)
    return [
        ProviderEventRecorded(
            provider=command.provider,
            provider_event_id=command.provider_event_id,
            type=command.type,
            created_at=command.created_at,
            payment_ref=command.payment_ref,
            order_id=command.order_id,
            payment_id=command.payment_id,
            status=command.status,
            amount_minor=command.amount_minor,
            captured_minor=command.captured_minor,
            currency=command.currency,
            decline_code=command.decline_code,
            client_action=command.client_action,
        )
    ]


PROVIDER_EVENT: Decider[ProviderEventCommand, ProviderEventEvent, ProviderEvent] = Decider(
    "provider_event", ProviderEvent(), evolve, decide
)
