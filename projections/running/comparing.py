"""Do the stores hold what the log says? Every document is folded again and compared field by field.

Names of fields are told, never what stands in them. Memory is bounded: a long log is gone through in several passes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import msgspec

from infra.ports import Doc, KeyValueStore, Unavailable, ViewStore
from projections.running.feed import Feed
from projections.running.folding import State, fold, grouped, numbered
from projections.running.projection import AnyProjection

READ = 1_000  # events
PAGE = 500  # documents
PASS = 200_000  # events of the log whose documents are held at once
MOST = 20  # differences that are told of one store
COPIES = "redis"


@dataclass(frozen=True, slots=True)
class Difference:
    key: str
    what: str


@dataclass(slots=True)
class Compared:
    """One view in one store."""

    documents: int = 0
    differing: int = 0
    away: bool = False  # it stopped answering: not all was compared
    first: list[Difference] = field(default_factory=list)

    def differs(self, key: str, what: str) -> None:
        self.differing += 1
        if len(self.first) < MOST:
            self.first.append(Difference(key, what))


@dataclass(slots=True)
class _Pass:
    """The documents of one part of the keys, as the log has them at `position`."""

    projection: AnyProjection
    part: int
    parts: int
    states: dict[str, State] = field(default_factory=dict)
    entries: dict[str, Doc] = field(default_factory=dict)
    poisoned: dict[str, str] = field(default_factory=dict)
    position: int = 0

    def is_ours(self, key: str) -> bool:
        return crc32(key.encode()) % self.parts == self.part

    async def fold(self, feed: Feed, up_to: int) -> None:
        """On to this position."""
        while self.position < up_to:
            batch = await feed.far(self.position, self.projection.types, READ)
            envelopes = [envelope for envelope in batch.envelopes if envelope.position <= up_to]
            self.position = min(batch.reached, up_to)
            if self.projection.numbered:
                made = numbered(self.projection, envelopes)
                self.entries |= {key: doc for key, doc in made.items() if self.is_ours(key)}
                continue
            for key, events in grouped(self.projection, envelopes).items():
                if key not in self.poisoned and (self.is_ours(key) or self.projection.entries is not None):
                    folded = fold(self.projection, key, self.states.get(key, State()), events)
                    self.states[key] = folded.state
                    self.entries |= {doc.key: doc for doc in folded.entries if self.is_ours(doc.key)}
                    if folded.poison is not None:
                        self.poisoned[key] = folded.poison.error

    def docs(self) -> Iterator[Doc]:
        for key, state in self.states.items():
            if self.is_ours(key):
                yield self.projection.doc(key, state.position, state.document)
        yield from self.entries.values()


async def compare(
    projection: AnyProjection, stores: Mapping[str, ViewStore], copies: KeyValueStore | None, feed: Feed
) -> Mapping[str, Compared]:
    """By store, with "redis" for the copies that exist; as far as the store that is least far. Raises Unavailable."""
    found = {name: Compared() for name in stores}
    if copies is not None and projection.copies is not None:
        found[COPIES] = Compared()
    head = min([await store.position(projection.target) for store in stores.values()])
    parts = 1 + head // PASS
    for part in range(parts):
        folded = _Pass(projection, part, parts)
        await folded.fold(feed, head)
        for name, store in stores.items():
            await _store(folded, store, found[name], feed)
        if copies is not None and projection.copies is not None:
            try:
                await _copies(folded, copies, found[COPIES])
            except Unavailable:  # copies may vanish at any moment
                found[COPIES].away = True
    return found


async def _store(folded: _Pass, store: ViewStore, found: Compared, feed: Feed) -> None:
    target = folded.projection.target
    doubtful: list[str] = []
    expected: dict[str, None] = {}
    for docs in _pages(list(folded.docs())):
        there = await store.load(target, [doc.key for doc in docs], whole=True)
        for doc in docs:
            if doc.body is not None:
                expected[doc.key] = None
                found.documents += 1
            if differences(doc, there.get(doc.key)):
                doubtful.append(doc.key)
    after = ""
    while keys := await store.keys(target, after, PAGE):
        doubtful += [key for key in keys if folded.is_ours(key) and key not in expected]
        after = keys[-1]
    await _settle(folded, store, found, feed, list(dict.fromkeys(doubtful)))


async def _settle(folded: _Pass, store: ViewStore, found: Compared, feed: Feed, keys: Sequence[str]) -> None:
    """What seemed to differ may have moved on since: fold it as far as the store stands now, and look again."""
    if not keys:
        return
    target = folded.projection.target
    there: dict[str, Doc] = {}
    for some in _pages(list(keys)):
        there |= await store.load(target, some, whole=True)
    newest = max((doc.position for doc in there.values()), default=0)
    if newest > folded.position:
        await folded.fold(feed, newest)
    by_key = {doc.key: doc for doc in folded.docs()}
    for key in keys:
        wanted, stored = by_key.get(key), there.get(key)
        if key in folded.poisoned:
            found.differs(key, f"parked: {folded.poisoned[key]}")
        elif wanted is None:
            if stored is not None and stored.body is not None:
                found.differs(key, "the log knows no such document")
        elif told := differences(wanted, stored):
            found.differs(key, ", ".join(told[:MOST]))


async def _copies(folded: _Pass, copies: KeyValueStore, found: Compared) -> None:
    """A copy that exists and counts must hold what the document held at the copy's position or at `covered`."""
    projection = folded.projection
    assert projection.copies is not None
    wanted: dict[str, tuple[str, Doc]] = {}
    for doc in folded.docs():
        document = folded.states[doc.key].document
        for copy in projection.copies(document, doc.key, doc.position):
            if copy.body is not None:
                wanted[copy.key] = (doc.key, doc)
    for names in _pages(list(wanted)):
        for name, cached in zip(names, await copies.get(projection.target, names), strict=True):
            key, doc = wanted[name]
            if cached.copy is None or cached.copy.body is None or cached.copy.position > folded.position:
                continue
            body = msgspec.json.decode(cached.copy.body)
            if body.get("id", key) != key:
                continue  # the holder's other cart
            found.documents += 1
            if cached.copy.position < doc.position and cached.covered < doc.position:
                continue  # it does not say that it is so new
            if differences := list(_differing(_plain(doc.body), body, "")):
                found.differs(name, ", ".join(differences[:MOST]))


def differences(wanted: Doc, stored: Doc | None) -> list[str]:
    """Names of what differs; empty: equal."""
    if stored is None or stored.body is None:
        return [] if wanted.body is None else ["missing"]
    if wanted.body is None:
        return ["should be gone"]
    different = list(_differing(_plain(wanted.body), stored.body, ""))
    if wanted.position != stored.position:
        different.append("position")
    if stored.stale:
        different.append("stale")
    if stored.columns:
        different += [f"column {name}" for name, value in wanted.columns.items() if stored.columns.get(name) != value]
        for table, rows in wanted.rows.items():
            by_line = sorted(map(_sortable, rows)), sorted(map(_sortable, stored.rows.get(table, ())))
            if by_line[0] != by_line[1]:
                different.append(f"rows of {table}")
    return different


def _sortable(row: Mapping[str, object]) -> list[tuple[str, str]]:
    return sorted((name, str(value)) for name, value in row.items())


def _plain(body: Any) -> Any:
    """As it reads after a way through JSON."""
    return msgspec.json.decode(msgspec.json.encode(body))


def _differing(wanted: Any, stored: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(stored, dict):
        for name in [*wanted, *(name for name in stored if name not in wanted)]:
            if name not in wanted or name not in stored:
                yield f"{path}{name}"
            else:
                yield from _differing(wanted[name], stored[name], f"{path}{name}.")
    elif isinstance(wanted, list) and isinstance(stored, list) and len(wanted) == len(stored):
        for number, (ours, theirs) in enumerate(zip(wanted, stored, strict=True)):
            yield from _differing(ours, theirs, f"{path}{number}.")
    elif wanted != stored or isinstance(wanted, bool) != isinstance(stored, bool):
        yield path.rstrip(".") or "everything"


def _pages(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), PAGE):
        yield items[start : start + PAGE]
