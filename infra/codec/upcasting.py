"""What does an event of an older schema say in today's words? One small step per version."""

from collections.abc import Callable, Mapping

Upcast = Callable[[dict[str, object]], dict[str, object]]
Upcasts = Mapping[tuple[str, int], Upcast]  # by type and the version that the step starts from


class StepMissing(Exception):
    """No step leads on from this version: the registry is incomplete."""


def upcast(type: str, schema: int, data: dict[str, object], *, to: int, steps: Upcasts) -> dict[str, object]:
    """The fields of an event of version `schema` as version `to` has them. Raises StepMissing."""
    for version in range(schema, to):
        step = steps.get((type, version))
        if step is None:
            raise StepMissing(f"{type}: from version {version}")
        data = step(data)
    return data
