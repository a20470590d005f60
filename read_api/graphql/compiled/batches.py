"""Which fields are loaded for all of a page at once? Marked at the field, so that a plan asks one question for them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MARK = "batched"  # in a field's metadata


@dataclass(frozen=True, slots=True)
class Batched:
    """The field's own resolver does the same with a data loader."""

    key: Callable[[Any], str]  # of the object that the field is of
    load: Callable[[Any, list[str]], Awaitable[Sequence[Any]]]  # context and keys → in the order of the keys
    shown: Callable[[Any, Any, Any], Any]  # object, what was loaded, context → the field's value

    def as_metadata(self) -> Mapping[Any, Any]:
        return {MARK: self}
