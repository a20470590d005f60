"""Marks what is about a person. The codec seals it with the person's key; after erasure it reads as None."""

from typing import Annotated, TypeVar

T = TypeVar("T")


class PersonalMarker:
    """The annotation that the codec looks for."""


Personal = Annotated[T | None, PersonalMarker]
