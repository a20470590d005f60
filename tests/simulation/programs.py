"""What runs in each program of the platform, with the same parts as its main joins them."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from infra.memory.generations import MemoryGenerations
from infra.ports import Mail
from infra.resilience.breaker import Breaker
from infra.resilience.guarded import GuardedMailer, GuardedProvider
from processes.collect_payment import charging
from processes.main import PROCESSES, heard_types
from processes.notify_customer import sending
from processes.notify_customer.letters import Letters
from processes.refund_payment import refunding
from processes.running.messages import Message, Process, Wish
from processes.running.outbox import Performer, sweep, work_one
from processes.running.runner import Pace, run
from processes.running.tail import Tail
from projections.main import NAMES, Opened, runners
from projections.public_changes.view import CHANNEL
from projections.public_changes.view import SOURCE as CHANGES
from projections.running.feed import Feed
from projections.running.freshness import Freshness
from projections.running.lag import Health
from projections.running.reading import Readers
from tests.simulation.sockets import sockets
from tests.simulation.world import Running, World
from write_model.order.events import OrderPlaced

BUSY = Pace(lease=3.0, look=1.0, look_released=3.0, save_position=1.5)
CALM = Pace(lease=3600.0, look=60.0, look_released=1200.0, save_position=60.0)


class PlainLetters(Letters):
    """Letters without their templates: how they read is tried elsewhere."""

    def __init__(self) -> None:
        return

    def write(self, template: str, locale: str, placed: OrderPlaced, to: str) -> Mail:
        return Mail(to=to, subject=f"{template} {placed.number}", text=locale, html="")


async def command(world: World, here: Running) -> None:
    """A node of the command API."""
    here.bus = world.bus_of(here, world.log_of(here))
    await asyncio.Event().wait()


async def processes(world: World, here: Running) -> None:
    log = world.log_of(here)
    bus = world.bus_of(here, log)
    work = world.wire("work", world.work, here)
    leases = world.wire("leases", world.leases, here)
    tail = Tail(log, world.decode_of(here), heard_types(), world.plan.kept)
    pace = replace(CALM if world.record.healed else BUSY, batch=world.plan.batch, at_once=world.plan.at_once)
    clock, worker = world.program_clock(), here.program.name
    async with asyncio.TaskGroup() as tasks:
        for process in _processes():
            mended = Poisoned(world, process).process
            tasks.create_task(
                run(mended, tail, work, leases, bus, world.wakes, clock, worker=worker, pace=pace), name=process.name
            )
        tasks.create_task(_sweeping(world, here, work))


async def workers(world: World, here: Running) -> None:
    """As dramatiq's threads do: take an id, make one attempt, log what goes wrong around it."""
    log = world.log_of(here)
    bus = world.bus_of(here, log)
    work = world.wire("work", world.work, here)
    performers = _performers(world, here, log)

    async def one() -> None:
        while True:
            effect_id = await world.wakes.take(here.program)
            try:
                await work_one(effect_id, performers, work, bus, worker=here.program.name)
            except Exception as error:
                world.record.seen[f"attempt interrupted by {type(error).__name__}"] += 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(world.plan.effects):
            tasks.create_task(one())


def _performers(world: World, here: Running, log: Any) -> Mapping[str, Performer]:
    clock = world.program_clock()
    provider = GuardedProvider(
        world.outside_wire("provider", world.provider, here, "provider"), Breaker(clock, "provider")
    )
    mailer = GuardedMailer(world.outside_wire("mail", world.mailer, here, "mail"), Breaker(clock, "mail"))
    return {
        **charging.performers(provider),
        **refunding.performers(provider),
        **sending.performers(log, world.decode_of(here), mailer, PlainLetters()),
    }


def _processes() -> Sequence[Process[Any]]:
    return PROCESSES


async def _sweeping(world: World, here: Running, work: Any) -> None:
    await sweep(work, world.wakes)


async def projecting(world: World, here: Running) -> None:
    log = world.log_of(here)
    clock, health = world.program_clock(), Health()
    leases = world.wire("leases", world.leases, here)
    decode = world.decode_of(here)
    views, copies = world.views_of(here), world.copies_of(here)
    opened = Opened(views, copies, log, world.keys_of(here), decode, leases, MemoryGenerations())
    feed = Feed(log, decode, NAMES, clock)
    parts = runners(opened, health, feed, clock, here.program.name, world.views)
    async with asyncio.TaskGroup() as tasks:
        for part in (feed, *parts):
            tasks.create_task(part.run())


async def readers(world: World, here: Running) -> None:
    """What a node of the read side keeps open; clients ask through it."""
    copies = world.copies_of(here)
    views = world.views_of(here)
    freshness = Freshness(views, world.program_clock(), {CHANGES.target: lambda: copies.nudges(CHANNEL)})
    await freshness.refresh()
    here.readers = Readers(views, copies, freshness)
    await freshness.run()


class Poisoned:
    """A process whose code fails on some messages, until `world.cured`: its keys are parked meanwhile."""

    def __init__(self, world: World, process: Process[Any]) -> None:
        self._world = world
        self._react = process.react
        self._chance = world.poison
        self.process = replace(process, react=self._reacting) if world.record.rate("poison") else process

    def _reacting(self, state: Any, message: Message) -> tuple[Any, Sequence[Wish]]:
        record = self._world.record
        if self._chance.hits(record.rate("poison") / 2):
            record.inject("poison", type(message).__name__)
            raise ZeroDivisionError("poison of the simulation")
        return self._react(state, message)


PROGRAMS: Mapping[str, Callable[[World, Running], Coroutine[Any, Any, None]]] = {
    "command": command,
    "processes": processes,
    "workers": workers,
    "projecting": projecting,
    "readers": readers,
    "sockets": sockets,
}
