"""What is answered to the provider that told us something. Nobody else hears of it."""

from write_model.provider_event.decider import ProviderEvent


def answer(state: ProviderEvent) -> dict[str, object]:
    """The body of a command's answer."""
    return {
        "id": None if state.provider_event is None else str(state.provider_event),
        "status": "RECORDED",
        "type": state.type,
    }
