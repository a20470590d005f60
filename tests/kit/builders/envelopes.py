"""Facts as the log hands them over: with versions, positions and times."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from tests.kit.builders.ids import an_id
from tests.kit.given import NOW, SOMEBODY
from write_model.kernel.ids import stream
from write_model.kernel.message import Envelope, Event

E = TypeVar("E", bound=Event)


def envelopes(
    category: str, identity: UUID, facts: Sequence[E], *, first_position: int = 1, at: datetime = NOW
) -> list[Envelope[E]]:
    """One stream from its beginning, its events one after the other in the log."""
    return [
        Envelope(
            event=fact,
            event_id=an_id(f"event of {identity}", version),
            stream=stream(category, identity),
            version=version,
            position=first_position + version - 1,
            recorded_at=at,
            effective_at=at,
            actor=SOMEBODY,
            command_id=an_id(f"command of {identity}", version),
            correlation_id=an_id(f"command of {identity}", version),
        )
        for version, fact in enumerate(facts, start=1)
    ]
