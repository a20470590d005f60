"""A wish that the rules turn down. Expected, typed, and never a bug."""

from enum import Enum


class Kind(Enum):
    """What a caller can do about it. Only the edges know which HTTP status that is."""

    INVALID = "the wish itself is wrong"
    CONFLICT = "not in this state"
    MISSING = "no such thing"
    FORBIDDEN = "not yours"


class Refused(Exception):
    """Base of every refusal. Details are facts for the caller: numbers, strings, lists of them; nothing personal."""

    code: str  # "<room>.<reason>", stable: clients branch on it
    kind = Kind.CONFLICT

    def __init__(self, **details: object) -> None:
        super().__init__(self.code, details)
        self.details = details
