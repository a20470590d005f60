"""How is a view filled again from the beginning, as fast as the log can be read?

Reading, folding and writing overlap. Memory is bounded: documents that have not changed lately are let go.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.ports import Doc, ViewStore
from projections.running.feed import Batch, Feed
from projections.running.folding import State, fold, grouped, numbered
from projections.running.projection import AnyProjection

READ = 1_000  # events
WRITE = 4_000  # events between two writes
HELD = 8_000  # documents in memory


@dataclass(frozen=True, slots=True)
class Rebuilt:
    events: int
    documents: int  # written, each as often as it was written
    position: int
    parked: int


class Rebuild:
    """One projection into one store, which must be empty: `fence` is a lease's. Safe to be cut off: it goes on."""

    def __init__(self, projection: AnyProjection, store: ViewStore, feed: Feed, fence: int) -> None:
        self._projection, self._store, self._feed, self._fence = projection, store, feed, fence
        self._states: dict[str, State] = {}
        self._dirty: dict[str, None] = {}
        self._entries: list[Doc] = []
        self._parked: dict[str, int] = {}
        self._written = 0
        self._events = self._documents = 0

    async def run(self, progress: Callable[[int], None] = lambda _: None) -> Rebuilt:
        """Up to the end of the log as it is met. Raises Fenced, Stuck, Unavailable."""
        target = self._projection.target
        position = self._written = await self._store.take(target, self._fence)
        self._parked = {parked.key: parked.position for parked in await self._store.parked(target)}
        waiting = 0  # events that are folded and not written
        writing: asyncio.Task[None] | None = None
        ahead = asyncio.create_task(self._next(position))
        try:
            while True:
                batch = await ahead
                if batch.reached <= position:
                    break
                position = batch.reached
                ahead = asyncio.create_task(self._next(position))
                await self._fold(batch)
                waiting += len(batch.envelopes)
                if waiting >= WRITE or not batch.envelopes:
                    if writing is not None:
                        await writing
                    writing, waiting = asyncio.create_task(self._write(self._taken(), position)), 0
                    progress(position)
            if writing is not None:
                await writing
            await self._write(self._taken(), position)
        finally:
            for task in (ahead, writing):
                if task is not None and not task.done():
                    task.cancel()
        progress(position)
        return Rebuilt(self._events, self._documents, position, len(self._parked))

    async def _next(self, position: int) -> Batch:
        return await self._feed.far(position, self._projection.types, READ)

    async def _fold(self, batch: Batch) -> None:
        projection = self._projection
        self._events += len(batch.envelopes)
        if projection.numbered:
            self._entries += numbered(projection, batch.envelopes).values()
            return
        groups = grouped(projection, batch.envelopes)
        await self._load([key for key in groups if key not in self._states])
        for key, envelopes in groups.items():
            if key in self._parked:
                continue
            folded = fold(projection, key, self._states.get(key, State()), envelopes)
            self._states[key] = folded.state
            self._dirty[key] = None
            self._entries += folded.entries
            if folded.poison is not None:
                self._parked[key] = folded.poison.position
                await self._store.park(projection.target, key, folded.poison.position, folded.poison.error)

    async def _load(self, keys: Sequence[str]) -> None:
        """Documents that were let go, or written before an interruption."""
        if not keys or not self._written:
            return
        for key, doc in (await self._store.load(self._projection.target, keys)).items():
            self._states[key] = State(self._projection.document(doc), doc.position)

    def _taken(self) -> list[Doc]:
        """What is to be written now, as it stands; the oldest documents are let go."""
        projection, states = self._projection, self._states
        docs, self._entries = self._entries, []
        for key in self._dirty:
            state = states.pop(key)
            states[key] = state  # the newest last
            docs.append(projection.doc(key, state.position, state.document, stale=key in self._parked))
        self._dirty = {}
        for key in list(states)[: max(0, len(states) - HELD)]:
            del states[key]
        return docs

    async def _write(self, docs: list[Doc], position: int) -> None:
        await self._store.commit(self._projection.target, self._fence, self._written, position, docs)
        self._written = position
        self._documents += len(docs)
