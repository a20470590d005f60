"""How fresh must the answer be? A position that the reader has seen, and how long it wants to wait for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from projections.product_page.view import Readers

PATIENCE = 0.5  # seconds, where the reader says nothing
LONGEST = 5.0
_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,4})(?:$|[,;\s])", re.IGNORECASE | re.ASCII)
_POSITION = re.compile(r"\d{1,19}", re.ASCII)
BIGGEST = 2**63 - 1


class BadToken(ValueError):
    """Not a Consistency-Token of ours."""


@dataclass(frozen=True, slots=True)
class Need:
    """`position` 0: whatever there is."""

    position: int = 0
    seconds: float = PATIENCE


def need_of(headers: Mapping[str, str]) -> Need:
    """From `Consistency-Token` and `Prefer: wait=N` (lower-case names). Raises BadToken."""
    token = headers.get("consistency-token")
    wish = _WAIT.search(headers.get("prefer", ""))
    seconds = PATIENCE if wish is None else min(float(wish.group(1)), LONGEST)
    if token is None:
        return Need(0, seconds)
    position = position_of(token.strip().strip('"'))
    if position is None:
        raise BadToken
    return Need(position, seconds)


def position_of(text: str) -> int | None:
    """A position of the log in plain digits; None: it is none."""
    if not _POSITION.fullmatch(text) or int(text) > BIGGEST:
        return None
    return int(text)


def floor(readers: Readers, source: Any, at_least: int = 0) -> int:
    """The position as of which the view is read, whichever store is asked next."""
    found = [readers.freshness.usable(source, store, at_least) for store in source.stores]
    return max(min((position for position in found if position is not None), default=0), at_least)


async def reach(readers: Readers, need: Need, *sources: Any) -> None:
    """Until every view has reached the position.

    Raises Behind, Rebuilding where a view is being filled again, LostFuture where the log does not reach the position.
    """
    for source in sources:
        if need.position and await readers.freshness.reach(source, need.position, need.seconds) < need.position:
            raise readers.freshness.problem(source)
