"""Run one seed: a shop under faults, then an hour of peace, then every check."""

import asyncio
import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from processes.running import outbox
from projections.main import NAMES
from projections.running import feed as feeding
from projections.running import freshness
from projections.running import runner as projecting
from projections.running.comparing import compare
from projections.running.feed import Feed
from projections.running.projection import MONGO, SQL
from read_api.ws import rooms
from tests.simulation.chances import Chance, Record
from tests.simulation.checks import Check
from tests.simulation.loop import NobodyWakes, SeededLoop, TooManySteps
from tests.simulation.plan import Plan, draw
from tests.simulation.programs import PROGRAMS
from tests.simulation.reading import Reader, check_reads
from tests.simulation.shoppers import Shop, Shopper, stocktaking
from tests.simulation.sockets import Listener
from tests.simulation.trouble import LateCrash, Trouble
from tests.simulation.world import Watch, World
from write_model.handling.registry import decoder

BUDGET = 600_000  # steps of a seed
HOUR = 3600.0
WATCHED = 20.0  # seconds of it at the usual pace
# In the rest of the hour nothing is new: who polls may do so less often, so that a seed takes no longer than it must.
BUSY: tuple[tuple[Any, str, float], ...] = (
    (freshness, "PAUSE", 0.2),
    (freshness, "LONGEST_PAUSE", 1.0),
    (freshness, "IDLE_PAUSE", 2.0),
    (projecting, "CHECK_SECONDS", 2.0),
)
CALM: tuple[tuple[Any, str, float], ...] = (
    (outbox, "SWEEP_EVERY", 60.0),
    (projecting, "CHECK_SECONDS", 300.0),
    (projecting, "LEASE_SECONDS", 7200.0),
    (feeding, "IDLE_SECONDS", 300.0),
    (freshness, "PAUSE", 5.0),
    (freshness, "IDLE_PAUSE", 300.0),
    (freshness, "LONGEST_PAUSE", 300.0),
    (rooms, "IDLE_SECONDS", 300.0),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    plan: Plan
    record: Record
    digest: str
    steps: int
    seconds: float  # of virtual time

    @property
    def wrong(self) -> list[str]:
        return self.record.wrong


def simulate(plan: Plan | int, watch: Watch | None = None) -> Outcome:
    """Everything follows from the plan, and the plan from its seed. `watch` is told of what programs pass."""
    plan = draw(plan) if isinstance(plan, int) else plan
    loop = SeededLoop(_loop_chance(plan), BUDGET)
    world = World(plan, loop, watch)
    loop.set_exception_handler(lambda _, context: world.record.violation(f"unheard: {_unheard(context)}"))
    with _quiet():
        try:
            loop.run_until_complete(_all(world))
        except (NobodyWakes, TooManySteps) as stuck:
            world.record.violation(f"{type(stuck).__name__} at {loop.time():.1f} s")
        except Exception as error:
            world.record.violation(f"ended by {type(error).__name__}: {error}")
        steps, seconds = loop.steps, loop.time()
        loop.spend()
        loop.run_until_complete(world.close())
        loop.close()
    return Outcome(plan, world.record, world.record.digest, steps, seconds)


def _loop_chance(plan: Plan) -> Any:
    return Chance(plan.seed, "loop")


async def _all(world: World) -> None:
    shop = Shop(world)
    world.record.healed = True
    for _ in range(world.plan.nodes):
        world.launch("command", PROGRAMS["command"])
    await shop.open(world.chance("catalogue"))
    world.record.healed = False
    for kind in ("processes", "workers", "projecting"):
        world.launch(kind, PROGRAMS[kind])
    for _ in range(world.plan.readers):
        world.launch("readers", PROGRAMS["readers"])
    for _ in range(world.plan.sockets):
        world.launch("sockets", PROGRAMS["sockets"])
    listeners = await _troubled(world, shop)
    await _healed(world)
    await asyncio.sleep(HOUR)
    await asyncio.gather(*(listener.end() for listener in listeners))
    await _repeated(world, shop)
    world.record.over = True
    await asyncio.sleep(HOUR / 12)
    decode = decoder(world.codec, world.keys)
    events = await decode(await world.log.read(0, 1_000_000))
    Check(world, shop, events).all()
    check_reads(world, events)
    for listener in listeners:
        listener.check(world.documents)
    await _documents(world, Feed(world.log, decode, NAMES, world.clock))


async def _documents(world: World, feed: Feed) -> None:
    """Every document in every store, and every copy, is what the log says."""
    head = await world.log.head()
    everywhere = {MONGO: world.documents, SQL: world.rows}
    for view in world.views:
        stores = {name: everywhere[name] for name in view.source.stores}
        for name, store in stores.items():
            if (position := await store.position(view.target)) != head:
                world.record.violation(f"{view.target} in {name} stands at {position} of {head}")
        for name, found in (await compare(view, stores, world.copies, feed)).items():
            for difference in found.first:
                world.record.violation(f"{view.target} in {name}: {difference.key}: {difference.what}")


async def _troubled(world: World, shop: Shop) -> list[Listener]:
    loop = asyncio.get_running_loop()
    trouble = loop.create_task(Trouble(world).run())
    shoppers = [Shopper(shop, number) for number in range(world.plan.shoppers)]
    shopping = [loop.create_task(shopper.live()) for shopper in shoppers]
    listening = shoppers if world.plan.sockets else []
    listeners = [Listener(world, shop, shopper.id, number) for number, shopper in enumerate(listening)]
    shopping += [loop.create_task(listener.live()) for listener in listeners]
    shopping += [loop.create_task(Reader(world, shop, number).live()) for number in range(world.plan.readers)]
    shopping.append(loop.create_task(stocktaking(shop, world.chance("stocktaking"))))
    await asyncio.sleep(world.plan.lasts)
    trouble.cancel()
    await asyncio.gather(trouble, return_exceptions=True)
    world.record.healed = True
    for here in list(world.running):  # so that shoppers end
        here.program.trap = None
        world.thaw(here)
    if not world.of_kind("command"):
        world.launch("command", PROGRAMS["command"])
    await asyncio.gather(*shopping)
    return listeners


async def _healed(world: World) -> None:
    """Everything starts anew, once; operators let parked keys go."""
    for here in list(world.running):
        world.kill(here)
    world.provider.altered_minor = None
    for parked in await world.work.parked():
        await world.work.release(parked.name, parked.key)
        world.record.seen["parked key released"] += 1
    for kind in PROGRAMS:
        if world.is_planned(kind):
            world.launch(kind, PROGRAMS[kind])
    if not {"crash", "double", "freeze", "stop"}.isdisjoint(world.plan.faults):
        LateCrash(world).attend(world.of_kind("processes")[0])
    await asyncio.sleep(WATCHED)
    for module, name, value in CALM:
        setattr(module, name, value)


async def _repeated(world: World, shop: Shop) -> None:
    """Every key once more: the same answers, and nothing new."""
    before = await world.log.head()
    for said in shop.said:
        if said.answer is not None:
            await shop.send(said)
    if await world.log.head() != before:
        world.record.violation("repeated keys did something new")


@contextmanager
def _quiet() -> Iterator[None]:
    """No lines of logs, no garbage collector in between; the constants of the calm hour are put back."""
    paces = [(module, name, getattr(module, name)) for module, name, _ in (*CALM, *BUSY)]
    for module, name, value in BUSY:
        setattr(module, name, value)
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
        for module, name, value in paces:
            setattr(module, name, value)
        structlog.configure(**before)


def _unheard(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return f"{context.get('message')} {type(error).__name__ if error else ''} {error or ''}"
