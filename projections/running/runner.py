"""How does one projection follow the log into one store? Under a lease, batch by batch, each with its checkpoint.

While a batch is on its way to the store the next one is read and folded. Safe to be cancelled or killed at any await:
a batch that is done again changes nothing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.ports import Copy, Doc, Fenced, Leases, Unavailable, ViewStore
from projections.running.copies import Copier, Nudger
from projections.running.feed import Batch, Feed, Stuck
from projections.running.flight import Flight
from projections.running.folding import Poison, State, fold, grouped, numbered
from projections.running.lag import AWAY, RUNNING, STOPPED, WAITING, Health
from projections.running.moves import Moves
from projections.running.projection import AnyProjection
from write_model.kernel.clock import Clock

LEASE_SECONDS = 10.0
ASK_AGAIN_SECONDS = 1.0  # for a lease that another holds
STOPPED_SECONDS = 5.0  # before a projection that could not go on is tried again
LIMIT = 500  # events of a batch
CACHED = 1_000  # documents kept between two batches; more than one batch touches
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
CHECK_SECONDS = 1.0  # between two looks whether the store still has what it had
RETRY_PARKED_SECONDS = 30.0


def lease_name(target: str, store: str) -> str:
    """Who holds it writes this view into this store."""
    return f"projection:{target}:{store}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all runners of a process share."""

    feed: Feed
    leases: Leases
    clock: Clock
    health: Health
    worker: str


class Runner:
    """One projection in one store."""

    def __init__(
        self,
        projection: AnyProjection,
        name: str,
        store: ViewStore,
        around: Surroundings,
        moves: Moves,
        copier: Copier | None = None,
        nudger: Nudger | None = None,
    ) -> None:
        self._projection, self._store, self._around, self._moves = projection, store, around, moves
        self._copier, self._nudger = copier, nudger
        self._lease = lease_name(projection.target, name)
        self._line = around.health.line(projection.target, name)
        self._cache: dict[str, State] = {}
        self._flight = Flight()
        self._parked: dict[str, int] = {}  # key to the position of its poison
        self._fence = 0
        self._written = 0  # the checkpoint as this worker last wrote it, with documents
        self._passed = 0  # where it has to stand since the last look, also past events without documents
        self._renewed = self._checked = self._retried = 0.0  # loop times

    async def run(self) -> None:
        """Follow until cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                begun = self._now()
                await self._hold()
            except Fenced:
                await self._around.clock.sleep(FIRST_PAUSE)
            except Unavailable as problem:
                pause = FIRST_PAUSE if self._now() - begun > LONGEST_PAUSE * 2 else min(pause * 2, LONGEST_PAUSE)
                self._tell(AWAY, str(problem))
                await self._around.clock.sleep(pause)
            except Stuck as problem:
                self._tell(STOPPED, str(problem))
                await self._around.clock.sleep(STOPPED_SECONDS)
            except Exception as problem:  # a bug: this projection stops and says so, the others go on
                self._tell(STOPPED, f"{type(problem).__name__}: {problem}")
                await self._around.clock.sleep(STOPPED_SECONDS)

    async def _hold(self) -> None:
        leases = self._around.leases
        fence = await leases.take(self._lease, self._around.worker, LEASE_SECONDS)
        if fence is None:
            self._tell(WAITING, None)
            await self._around.clock.sleep(ASK_AGAIN_SECONDS)
            return
        self._fence, self._renewed = fence, self._now()
        try:
            await self._follow()
        finally:
            await self._flight.cut()
            await self._give_back()

    async def _give_back(self) -> None:
        try:
            await self._around.leases.give(self._lease, self._fence)
        except Unavailable:
            return  # it runs out by itself

    async def _follow(self) -> None:
        target = self._projection.target
        self._cache.clear()
        position = self._written = self._passed = await self._store.take(target, self._fence)
        self._parked = {parked.key: parked.position for parked in await self._store.parked(target)}
        self._retried = self._now() - RETRY_PARKED_SECONDS  # new code may have cured them
        if self._copier is not None:
            self._copier.start(position)
        self._tell(RUNNING, None)
        while True:
            feed = self._around.feed
            batch = await feed.after(position, self._projection.types, LIMIT, CHECK_SECONDS)
            await self._stay()
            if batch.reached > position:
                position = await self._apply(batch, position)
            if position >= feed.head:  # nothing to do beside it
                await self._flight.landed()
            await self._check(position)
            if self._parked and self._now() - self._retried >= RETRY_PARKED_SECONDS:
                await self._retry_parked(position)
            self._line.parked = len(self._parked)
            landed = self._line.position if self._flight.is_on else position
            self._around.health.turned(self._line, landed, feed.head)
            if self._projection.gathers and batch.envelopes and position >= feed.head:
                await self._around.clock.sleep(self._projection.gathers)

    async def _stay(self) -> None:
        """Keep the lease. Raises Fenced."""
        if self._now() - self._renewed < LEASE_SECONDS / 3:
            return
        if not await self._around.leases.renew(self._lease, self._fence, LEASE_SECONDS):
            raise Fenced
        self._renewed = self._now()

    async def _check(self, position: int) -> None:
        """A store that was dropped or went back in time is folded again from where it stands. Raises Fenced.

        One that is ahead of the log holds a future that was lost: it is folded again from the beginning.
        """
        if self._now() - self._checked < CHECK_SECONDS:
            return
        self._checked = self._now()
        if await self._store.position(self._projection.target) < max(self._written, self._passed):
            raise Fenced
        if not self._flight.is_on:
            self._passed = position
        if await self._around.feed.ends_before(position):
            await self._flight.landed()
            await self._store.drop(self._projection.target)
            raise Fenced

    async def _apply(self, batch: Batch, position: int) -> int:
        """One batch; the position reached once its flight has landed."""
        reached = batch.reached
        docs, states = await self._folded(batch)
        await self._flight.landed()
        if docs:
            self._flight.start(self._commit(docs, states, batch), states)
        else:
            self._moves.put(self._projection.target, self._fence, self._written, reached)
            self._copy(docs, states, batch)
        return reached

    async def _commit(self, docs: Sequence[Doc], states: Mapping[str, State], batch: Batch) -> None:
        await self._store.commit(self._projection.target, self._fence, self._written, batch.reached, docs)
        self._written = batch.reached
        if self._nudger is not None:
            self._nudger.put(batch.reached)
        self._copy(docs, states, batch)

    async def _folded(self, batch: Batch) -> tuple[Sequence[Doc], Mapping[str, State]]:
        """What is to be written, and the states behind it."""
        projection = self._projection
        if projection.numbered:
            return list(numbered(projection, batch.envelopes).values()), {}
        groups = grouped(projection, batch.envelopes)
        for key in [key for key in groups if key in self._parked]:
            del groups[key]
        states = await self._states(list(groups))
        docs: list[Doc] = []
        changed: dict[str, State] = {}
        for key, envelopes in groups.items():
            before = states.get(key, State())
            folded = fold(projection, key, before, envelopes)
            if folded.poison is not None:
                await self._park(key, folded.poison)
            docs += folded.entries
            if folded.state is not before:
                stale = folded.poison is not None
                docs.append(projection.doc(key, folded.state.position, folded.state.document, stale=stale))
                changed[key] = folded.state
                self._keep(key, folded.state)
        return docs, changed

    async def _states(self, keys: Sequence[str]) -> dict[str, State]:
        states: dict[str, State] = {}
        for key in keys:
            known = self._cache.get(key) or self._flight.state(key)
            if known is not None:
                states[key] = known
        missing = [key for key in keys if key not in states]
        if missing:
            loaded = await self._store.load(self._projection.target, missing)
            for key, doc in loaded.items():
                states[key] = State(self._projection.document(doc), doc.position)
        return states

    def _keep(self, key: str, state: State) -> None:
        self._cache.pop(key, None)
        self._cache[key] = state
        while len(self._cache) > CACHED:
            del self._cache[next(iter(self._cache))]

    async def _park(self, key: str, poison: Poison) -> None:
        await self._flight.landed()  # what is on its way would wipe the mark out
        await self._store.park(self._projection.target, key, poison.position, poison.error)
        self._parked[key] = poison.position
        self._cache.pop(key, None)

    def _copy(self, docs: Sequence[Doc], states: Mapping[str, State], batch: Batch) -> None:
        copier, make, reached = self._copier, self._projection.copies, batch.reached
        if copier is None or make is None:
            return
        if docs and not batch.is_live:
            copier.forget(reached)
            return
        made: list[Copy] = []
        for doc in docs:
            document = None if doc.stale else states.get(doc.key, State()).document
            made += make(document, doc.key, doc.position)
        copier.put(made, reached)

    async def _retry_parked(self, position: int) -> None:
        """Fold what waits of each parked key; whoever gets through is released."""
        self._retried = self._now()
        target = self._projection.target
        await self._flight.landed()
        for key, poisoned_at in list(self._parked.items()):
            before = (await self._states([key])).get(key, State())
            start = min(before.position, poisoned_at - 1)
            envelopes = []
            while start < position:
                batch = await self._around.feed.far(start, self._projection.types, LIMIT)
                envelopes += [
                    envelope
                    for envelope in batch.envelopes
                    if envelope.position <= position and key in self._projection.key(envelope)
                ]
                start = batch.reached
                await self._stay()
            folded = fold(self._projection, key, before, envelopes)
            if folded.poison is not None:
                continue
            docs = folded.entries
            if folded.state is not before:
                docs.append(self._projection.doc(key, folded.state.position, folded.state.document))
            await self._store.commit(target, self._fence, self._written, position, docs)
            self._written = position
            await self._store.release(target, key)
            del self._parked[key]
            if self._copier is not None:
                self._copier.forget(position)

    def _tell(self, state: str, error: str | None) -> None:
        self._line.state, self._line.error = state, error

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
