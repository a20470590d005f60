"""Which answers are there, ready to be sent? Kept by who asked what, until something that they rest on changes.

An answer may be sent again while everything that it rests on is as it was, up to where the views are now: then it is
also true as of there, and says so. Bounded by bytes; the one that was not asked for the longest goes first.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from read_api.kept.changes import Changes
from read_api.kept.uses import Mark, Uses

LARGEST = 32 * 1024 * 1024  # bytes of all
BIGGEST = 1024 * 1024  # of one
OLDEST = 10.0  # seconds: operators repair documents without an event (a parked one is let go, a table is filled again)
OVERHEAD = 2_000  # bytes of an answer besides its text

Key = Hashable
Headers = Sequence[tuple[bytes, bytes]]
POSITION = b"consistency-token"
_NOT_OF_EMPTY = (b"content-length", b"content-type")


@dataclass(slots=True)
class Answer:
    """What was sent, with what it rests on. `holds`: the position as of which all of it is true."""

    key: Key
    uses: Uses
    born: float  # loop time
    headers: Headers
    body: bytes
    holds: int = 0
    tag: bytes | None = None
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.holds = self.uses.lowest or 0
        self.tag = next((value for name, value in self.headers if name == b"etag"), None)
        self.size = OVERHEAD + len(self.body) + 64 * len(self.uses.marks)

    @property
    def without_body(self) -> Headers:
        """For 304."""
        return [(name, value) for name, value in self.headers if name not in _NOT_OF_EMPTY]

    def move(self, position: int) -> None:
        """Say that it holds as of there, too."""
        assert self.uses.parts is not None
        start, end = self.uses.parts
        self.holds = position
        if end is not None:
            self.body = start + b"%d" % position + end
        token = b"%d" % max(position, self.uses.highest)
        moved = {POSITION: token, b"content-length": b"%d" % len(self.body)}
        self.headers = [(name, moved.get(name, value)) for name, value in self.headers]


class Answers:
    """Forgets what changes touch, as soon as they are heard of."""

    def __init__(self, changes: Changes, largest: int = LARGEST) -> None:
        self.changes = changes
        self._largest = largest
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._by_mark: defaultdict[Mark, dict[Key, None]] = defaultdict(dict)
        self._size = 0
        changes.tell(self._changed)

    @property
    def size(self) -> int:
        """In bytes, about."""
        return self._size

    def begin(self) -> Uses:
        """Before anything is read for an answer."""
        return Uses(self.changes.switches)

    def find(self, key: Key, at_least: int) -> Answer | None:
        """The answer, true as of the position at least. None: it has to be made."""
        answer = self._answers.get(key)
        if answer is None:
            return None
        if answer.born + OLDEST <= asyncio.get_running_loop().time():
            self._drop(key)
            return None
        position = self._as_of(answer.uses.sources.values())
        if position is None or key not in self._answers:  # a view was switched just now: nothing that was kept counts
            return None
        if position > answer.holds and answer.uses.parts is not None:
            answer.move(position)
        if at_least > answer.holds:
            return None
        self._answers.move_to_end(key)
        return answer

    def keep(self, key: Key, uses: Uses, headers: Headers, body: bytes) -> None:
        """Unless something of it has changed since it was read, or is not watched."""
        if not uses.can_be_kept or uses.switches != self.changes.switches or len(body) > BIGGEST:
            return
        if uses.lowest is None or not self.changes.holds(uses.marks, uses.lowest):
            return
        self._drop(key)
        answer = Answer(key, uses, asyncio.get_running_loop().time(), headers, body)
        self._answers[key] = answer
        self._size += answer.size
        for mark in uses.marks:
            self._by_mark[mark][key] = None
        while self._size > self._largest:
            self._drop(next(iter(self._answers)))

    def _as_of(self, sources: Iterable[Any]) -> int | None:
        lowest: int | None = None
        for source in sources:
            position = self.changes.stands(source)
            if position is None:
                return None
            lowest = position if lowest is None else min(lowest, position)
        return lowest

    def _changed(self, marks: Sequence[Mark], position: int) -> None:
        keys = list(self._answers) if not marks else [key for mark in marks for key in self._by_mark.get(mark, ())]
        for key in keys:
            answer = self._answers.get(key)
            if answer is not None and (not marks or (answer.uses.lowest or 0) < position):
                self._drop(key)

    def _drop(self, key: Key) -> None:
        answer = self._answers.pop(key, None)
        if answer is None:
            return
        self._size -= answer.size
        for mark in answer.uses.marks:
            keys = self._by_mark[mark]
            keys.pop(key, None)
            if not keys:
                del self._by_mark[mark]
