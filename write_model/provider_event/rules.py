"""Which stream does a provider's event have? One of its own: the second delivery finds it there."""

from uuid import UUID

from write_model.kernel.ids import PLATFORM, derived
from write_model.kernel.refused import Kind, Refused

LONGEST = 255  # characters of an id or a word of the provider's


class Malformed(Refused):
    code = "provider_event.malformed"
    kind = Kind.INVALID


def identity(provider: str, provider_event_id: str) -> UUID:
    """The id of a provider's event here."""
    return derived(PLATFORM, "provider_event", provider, provider_event_id)
