"""Which documents were read a moment ago? Kept as they were read, until an event touches them."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from projections.product_page.view import Found, Readers
from read_api.kept.answers import OLDEST
from read_api.kept.changes import Changes
from read_api.kept.uses import Mark
from read_api.wait_for import floor

MOST = 4_000  # documents

D = TypeVar("D")
Load = Callable[[Readers, Sequence[str], int], Awaitable[Mapping[str, Found[Any]]]]


@dataclass(frozen=True, slots=True)
class Known(Generic[D]):
    """A document, or that there is none, as of a position. Stale: it changes without an event."""

    document: D | None
    position: int
    stale: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    known: Known[Any]
    born: float  # loop time
    switches: int


class Documents:
    """By view and key. `changes` None: every document is read."""

    def __init__(self, readers: Readers, changes: Changes | None = None, most: int = MOST) -> None:
        self._readers = readers
        self._changes = changes
        self._most = most
        self._kept: OrderedDict[Mark, _Kept] = OrderedDict()
        if changes is not None:
            changes.tell(self._changed)

    async def many(self, source: Any, keys: Sequence[str], at_least: int, load: Load) -> Mapping[str, Known[Any]]:
        """Each of the keys, as of `at_least` or later. Raises Behind, Rebuilding."""
        found: dict[str, Known[Any]] = {}
        changes = self._changes
        stands = None if changes is None else changes.stands(source)
        if changes is not None and stands is not None:
            oldest, switches = asyncio.get_running_loop().time() - OLDEST, changes.switches
            for key in keys:
                known = self._known((source.view, key), stands, oldest, switches)
                if known is not None and known.position >= at_least:
                    found[key] = known
        missing = [key for key in keys if key not in found]
        if missing:
            found |= await self._read(source, missing, at_least, load)
        return found

    def one(self, source: Any, key: str) -> Known[Any] | None:
        """As of now, if it was read a moment ago."""
        stands = None if self._changes is None else self._changes.stands(source)
        if self._changes is None or stands is None:
            return None
        oldest = asyncio.get_running_loop().time() - OLDEST
        return self._known((source.view, key), stands, oldest, self._changes.switches)

    async def _read(self, source: Any, keys: Sequence[str], at_least: int, load: Load) -> Mapping[str, Known[Any]]:
        switches = 0 if self._changes is None else self._changes.switches
        before = floor(self._readers, source, at_least)
        read = await load(self._readers, keys, at_least)
        found: dict[str, Known[Any]] = {}
        for key in keys:
            one = read.get(key)
            if one is None:  # whichever store was asked: it stood there, or further
                found[key] = Known(None, before)
            else:
                found[key] = Known(one.document, one.position, one.stale)
            self._keep((source.view, key), found[key], switches)
        return found

    def _known(self, mark: Mark, stands: int, oldest: float, switches: int) -> Known[Any] | None:
        kept = self._kept.get(mark)
        if kept is None:
            return None
        if kept.born <= oldest or kept.switches != switches:
            del self._kept[mark]
            return None
        self._kept.move_to_end(mark)
        known = kept.known
        if known.position >= stands:
            return known
        return Known(known.document, stands)

    def _keep(self, mark: Mark, known: Known[Any], switches: int) -> None:
        if self._changes is None or known.stale or not self._changes.holds((mark,), known.position):
            return
        self._kept[mark] = _Kept(known, asyncio.get_running_loop().time(), switches)
        self._kept.move_to_end(mark)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def _changed(self, marks: Sequence[Mark], position: int) -> None:
        if not marks:
            self._kept.clear()
        for mark in marks:
            kept = self._kept.get(mark)
            if kept is not None and kept.known.position < position:
                del self._kept[mark]
