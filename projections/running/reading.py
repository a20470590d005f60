"""How is a document read? The Redis copy, else MongoDB, else SQL: the first that is fresh enough and answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from infra.ports import Cached, Copy, Doc, KeyValueStore, Query, Unavailable, ViewStore
from infra.view_names import in_generation
from projections.running.cursors import BadCursor, cursor
from projections.running.freshness import Behind, Freshness, Rebuilding
from projections.running.projection import HOUR, MONGO, Document, Source

__all__ = ["Behind", "Rebuilding"]

D = TypeVar("D", bound=Document)
TRIES = 2  # of each store: whoever writes it may have changed just now


@dataclass(frozen=True, slots=True)
class Found(Generic[D]):
    """A document and the position up to which it holds everything. Stale: later events of it wait for an operator."""

    document: D
    position: int
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[D]):
    """Documents in order, each with the cursor behind it."""

    items: Sequence[tuple[str, D]]
    has_next: bool
    position: int


@dataclass(frozen=True, slots=True)
class Readers:
    """The stores as a process that only reads holds them."""

    stores: Mapping[str, ViewStore]
    copies: KeyValueStore
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class Choice(Generic[D]):
    """One way to answer: this query in that store. `made` turns what is stored into what is asked for."""

    source: Source[Any]
    store: str
    query: Query
    relation: str | None = None  # where it is asked, if not in the view's own table
    joined: Sequence[Source[Any]] = ()  # whose generations the relation's name carries
    made: Callable[[Any], D] | None = None


async def one(
    readers: Readers, source: Source[D], key: str, at_least: int, copy_key: str | None = None, ttl: int = HOUR
) -> Found[D] | None:
    """The document of a key; None: there is none. Raises Behind, Rebuilding."""
    names = [] if copy_key is None else [copy_key]
    return (await _read(readers, source, [key], at_least, names, ttl)).get(key)


async def many(
    readers: Readers,
    source: Source[D],
    keys: Sequence[str],
    at_least: int,
    copy_key: Callable[[str], str] | None = None,
    ttl: int = HOUR,
) -> Mapping[str, Found[D]]:
    """The documents of several keys; those that do not exist are absent. Raises Behind, Rebuilding."""
    names = [] if copy_key is None else [copy_key(key) for key in keys]
    return await _read(readers, source, keys, at_least, names, ttl) if keys else {}


async def copied(readers: Readers, source: Source[D], name: str, at_least: int) -> Found[D] | None:
    """What a Redis copy says by itself; None: ask by the document's key."""
    source = readers.freshness.live(source)
    cached = await _cached(readers, source, [name])
    return _from_copy(readers, source, cached[0], at_least) if cached else None


async def page(readers: Readers, choices: Sequence[Choice[D]], sort: str, first: int, at_least: int) -> Page[D]:
    """One more than `first` is asked for, to know whether there are more. Raises Behind, Rebuilding, BadCursor."""
    for choice in [choice for choice in choices for _ in range(TRIES)]:
        source = readers.freshness.live(choice.source)
        position = readers.freshness.usable(source, choice.store, at_least)
        if position is None:
            continue
        fence = readers.freshness.fence(source, choice.store)
        try:
            docs = await readers.stores[choice.store].find(_relation(readers, choice, source), choice.query)
        except ValueError:
            raise BadCursor from None
        except Unavailable:
            readers.freshness.lost(choice.store)
            continue
        if not await readers.freshness.still(source, choice.store, position, fence):
            continue
        return Page([_item(choice, sort, doc) for doc in docs[:first]], len(docs) > first, position)
    raise readers.freshness.problem(choices[0].source)


def _relation(readers: Readers, choice: Choice[Any], source: Source[Any]) -> str:
    if choice.relation is None:
        return source.target
    return in_generation(choice.relation, *(readers.freshness.live(each).generation or 0 for each in choice.joined))


def _item(choice: Choice[D], sort: str, doc: Doc) -> tuple[str, D]:
    stored = msgspec.convert(doc.body, choice.source.document)
    values = [doc.columns[name] for name, _ in choice.query.order]
    return cursor(sort, values), stored if choice.made is None else choice.made(stored)


async def _read(
    readers: Readers, source: Source[D], keys: Sequence[str], at_least: int, names: Sequence[str], ttl: int
) -> dict[str, Found[D]]:
    source = readers.freshness.live(source)  # one generation from here on, whatever is switched meanwhile
    cached = await _cached(readers, source, names)
    found: dict[str, Found[D]] = {}
    for key, copy in zip(keys, cached, strict=False):
        hit = _from_copy(readers, source, copy, at_least)
        if hit is not None:
            found[key] = hit
    wanted = [key for key in keys if key not in found]
    if not wanted:
        return found
    for store in [store for store in source.stores for _ in range(TRIES)]:
        position = readers.freshness.usable(source, store, at_least)
        if position is None:
            continue
        fence = readers.freshness.fence(source, store)
        try:
            docs = await readers.stores[store].load(source.target, wanted)
        except Unavailable:
            readers.freshness.lost(store)
            continue
        if not await readers.freshness.still(source, store, position, fence):
            continue
        for key, doc in docs.items():
            if doc.body is not None:
                document = msgspec.convert(doc.body, source.document)
                found[key] = Found(document, max(position, doc.position), doc.stale)
        if store == MONGO and cached and readers.freshness.usable(source, store, cached[0].covered) is not None:
            named = dict(zip(keys, names, strict=True))
            await _fill(readers, source, cached[0], {named[key]: docs[key] for key in wanted if key in docs}, ttl)
        return found
    raise readers.freshness.problem(source)


async def _cached(readers: Readers, source: Source[D], names: Sequence[str]) -> Sequence[Cached]:
    if not names:
        return ()
    try:
        return await readers.copies.get(source.target, names)
    except Unavailable:
        return ()


def _from_copy(readers: Readers, source: Source[D], cached: Cached, at_least: int) -> Found[D] | None:
    copy = cached.copy
    if copy is None or copy.body is None or cached.covered < at_least or not readers.freshness.exists(cached.covered):
        return None
    if not at_least and not readers.freshness.is_recent(source, cached.covered):
        return None
    document = msgspec.json.decode(copy.body, type=source.document)
    return Found(document, max(copy.position, cached.covered))


async def _fill(readers: Readers, source: Source[D], cached: Cached, docs: Mapping[str, Doc], ttl: int) -> None:
    """Copies of what was missing; nothing where the projection has moved on in between: they could be old.

    The store holds what the copies cover, which one that went back in time does not.
    """
    copies = [
        Copy(name, doc.position, msgspec.json.encode(doc.body), ttl)
        for name, doc in docs.items()
        if doc.body is not None and not doc.stale
    ]
    if cached.epoch is None or not copies:
        return
    try:
        await readers.copies.put_newer(source.target, cached.epoch, copies, None, cached.covered)
    except Unavailable:
        return
