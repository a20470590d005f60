"""How does a new generation of a view come into the place of the live one, while that one goes on serving?

Every step is recorded before the next begins, and may be done again: whoever is killed is gone on for by whoever comes.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from infra.ports import Fenced, Generations, GenerationStore, Leases, LogReader, Unavailable, ViewStore
from projections.running.agreeing import agree
from projections.running.comparing import Compared
from projections.running.ending import end
from projections.running.feed import Feed
from projections.running.generations import begun, dropped, emptied, filled, switched, switched_back
from projections.running.projection import AnyProjection
from projections.running.rebuild import Rebuild
from projections.running.runner import lease_name
from write_model.kernel.clock import Clock

LEASE_SECONDS = 5.0
LOOK_SECONDS = 0.05
READERS_LEAVE_SECONDS = 2.0  # they look for switches several times a second
GIVEN_SECONDS = 15.0  # for a runner that is told to stop, or whose process was killed, to leave its lease
STUCK_SECONDS = 60.0  # without a step forward

Told = Callable[[str, int, int], None]  # what is done, the position, and the log's


class RebuildRuns(Exception):
    """Another rebuild of this view is under way."""

    code = "view.rebuild_running"


class RebuildStuck(Exception):
    """A generation does not come forward: its runner has stopped, or its store does not take anything."""

    code = "view.rebuild_stuck"


@dataclass(frozen=True, slots=True)
class Around:
    """What a rebuild works with. `worker`: a name that no other process has."""

    stores: Mapping[str, ViewStore]
    generations: GenerationStore
    leases: Leases
    reader: LogReader
    feed: Feed
    clock: Clock
    worker: str


class Beside:
    """The generations of one view, held by whoever rebuilds it: `async with hold(...) as beside`."""

    def __init__(self, projection: AnyProjection, around: Around, now: Generations, told: Told) -> None:
        self._projection, self._around, self._told = projection, around, told
        self._view = projection.source.family
        self.now = now
        self.stores = {name: around.stores[name] for name in projection.source.stores}

    async def build(self) -> None:
        """A generation beside the live one, from the log's first event to its last. Goes on where one was begun."""
        await self._put(begun(self.now))
        await self.sweep()
        number = self.now.building
        assert number is not None
        await self._bring(number, await self._around.reader.head(), "folding")
        if not self.now.is_filled:
            await self._put(filled(self.now))
        await self._bring(number, await self._around.reader.head(), "catching up")

    async def compare(self) -> Mapping[str, Compared]:
        """The one that was built with the live one, by store."""
        number = self.now.building
        assert number is not None
        head = await self._around.reader.head()
        with suppress(RebuildStuck):  # a live one that does not follow any more is a reason to rebuild
            await self._bring(self.now.live, head, "waiting for the live one")
        found: dict[str, Compared] = {}
        for name, store in self.stores.items():
            self._told(f"comparing in {name}", head, head)
            found[name] = await agree(self._projection, self.now.live, number, store, self._around.clock)
        return found

    async def switch(self) -> None:
        """Readers and runners go over to the one that was built."""
        number = self.now.building
        assert number is not None
        await self._level(number)
        await self._put(switched(self.now))

    async def back(self) -> None:
        """Readers and runners go over to the one before. Raises NoPrevious."""
        after = switched_back(self.now)
        await self._level(after.live)
        await self._put(after)

    async def drop(self) -> tuple[int, ...]:
        """Everything but the live one goes; the generations that went."""
        await self._put(dropped(self.now))
        gone = self.now.retired
        await self.sweep()
        return gone

    async def sweep(self) -> None:
        """Empty what was retired."""
        if self.now.retired:
            await self._around.clock.sleep(READERS_LEAVE_SECONDS)
        for number in self.now.retired:
            pinned = self._projection.at(number)
            for name, store in self.stores.items():
                async with self._writing(pinned, name):
                    await store.drop(pinned.target)
            await self._put(emptied(self.now, number))

    async def behind(self) -> Mapping[str, int]:
        """By store: how many events the live one stands behind the log."""
        head = await self._around.reader.head()
        live = self._projection.at(self.now.live).target
        return {name: max(0, head - await store.position(live)) for name, store in self.stores.items()}

    async def _level(self, number: int) -> None:
        """Until this one is as far as the live one, and as the log, in every store."""
        await self._bring(number, await self._around.reader.head(), "catching up")
        live = self._projection.at(self.now.live).target
        for name, store in self.stores.items():
            await self._bring_in(number, name, await store.position(live), "catching up")

    async def _bring(self, number: int, up_to: int, doing: str) -> None:
        for name in self.stores:
            await self._bring_in(number, name, up_to, f"{doing} in {name}")

    async def _bring_in(self, number: int, name: str, up_to: int, doing: str) -> None:
        """To this position: by our own hand where no runner follows it. Raises RebuildStuck, Stuck, Unavailable."""
        around, store, pinned = self._around, self.stores[name], self._projection.at(number)
        best, waited = -1, 0.0
        while (position := await store.position(pinned.target)) < up_to:
            self._told(doing, position, up_to)
            waited = 0.0 if position > best else waited + LOOK_SECONDS
            best = max(position, best)
            if waited > STUCK_SECONDS:
                raise RebuildStuck(f"{pinned.target} in {name} stays at {position}")
            fence = await around.leases.take(lease_name(pinned.target, name), around.worker, LEASE_SECONDS)
            if fence is None:
                await around.clock.sleep(LOOK_SECONDS)
                continue
            async with _renewing(around, lease_name(pinned.target, name), fence):
                await Rebuild(pinned, store, around.feed, fence).run(lambda at: self._told(doing, at, up_to))
        self._told(doing, max(position, up_to), up_to)

    @asynccontextmanager
    async def _writing(self, pinned: AnyProjection, name: str) -> AsyncIterator[None]:
        """Alone with this generation: its runner has left. Raises RebuildStuck."""
        around, lease = self._around, lease_name(pinned.target, name)
        waited = 0.0
        while (fence := await around.leases.take(lease, around.worker, LEASE_SECONDS)) is None:
            if waited > GIVEN_SECONDS:
                raise RebuildStuck(f"{pinned.target} in {name} is still written to")
            await around.clock.sleep(LOOK_SECONDS)
            waited += LOOK_SECONDS
        async with _renewing(around, lease, fence):
            yield

    async def _put(self, after: Generations) -> None:
        if after != self.now:
            self.now = await self._around.generations.put(self._view, after)


@asynccontextmanager
async def hold(projection: AnyProjection, around: Around, told: Told) -> AsyncIterator[Beside]:
    """Alone with the generations of a view; one who was killed is outlived within seconds. Raises RebuildRuns."""
    view = projection.source.family
    lease = f"rebuild:{view}"
    waited = 0.0
    while (fence := await around.leases.take(lease, around.worker, LEASE_SECONDS)) is None:
        if waited > LEASE_SECONDS:
            raise RebuildRuns(f"another rebuild of {projection.name} is under way")
        await around.clock.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS
    async with _renewing(around, lease, fence):
        yield Beside(projection, around, (await around.generations.read()).get(view, Generations()), told)


@asynccontextmanager
async def _renewing(around: Around, lease: str, fence: int) -> AsyncIterator[None]:
    """While the block runs the lease is ours; it ends with Fenced when another has taken it."""
    caller = asyncio.current_task()
    assert caller is not None
    lost = False

    async def renew() -> None:
        nonlocal lost
        while not lost:
            await around.clock.sleep(LEASE_SECONDS / 3)
            with suppress(Unavailable):
                lost = not await around.leases.renew(lease, fence, LEASE_SECONDS)
        caller.cancel()

    renewing = asyncio.create_task(renew())
    try:
        yield
    except asyncio.CancelledError:
        if lost:
            caller.uncancel()
            raise Fenced from None
        raise
    finally:
        await end([renewing])
        await around.leases.give(lease, fence)
