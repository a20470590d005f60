"""Where do numbers come from that nobody can foresee? From the operating system and Python's generator."""

import random
from uuid import UUID, uuid4


def evenly() -> float:
    """Between 0 and 1; to spread retries, not for secrets."""
    return random.random()  # noqa: S311


def secret_id() -> UUID:
    """122 random bits of the operating system: nobody can guess it."""
    return uuid4()
