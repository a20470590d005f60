"""Run one seed: a shop under faults, then an hour of peace, then every check."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from processes.running import outbox
from tests.simulation.chances import Chance, Record
from tests.simulation.checks import Check
from tests.simulation.loop import NobodyWakes, SeededLoop, TooManySteps
from tests.simulation.plan import Plan, draw
from tests.simulation.programs import PROGRAMS
from tests.simulation.shoppers import Shop, Shopper, stocktaking
from tests.simulation.trouble import Trouble
from tests.simulation.world import World
from write_model.handling.registry import decoder

BUDGET = 600_000  # steps of a seed
HOUR = 3600.0
CALM_SWEEP = 15.0  # seconds, in the hour of peace


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


def simulate(plan: Plan | int) -> Outcome:
    """Everything follows from the plan, and the plan from its seed."""
    plan = draw(plan) if isinstance(plan, int) else plan
    loop = SeededLoop(_loop_chance(plan), BUDGET)
    world = World(plan, loop)
    loop.set_exception_handler(lambda _, context: world.record.violation(f"unheard: {_unheard(context)}"))
    with _quiet():
        try:
            loop.run_until_complete(_all(world))
        except (NobodyWakes, TooManySteps) as stuck:
            world.record.violation(f"{type(stuck).__name__} at {loop.time():.1f} s")
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
    for kind in PROGRAMS:
        if kind != "command":
            world.launch(kind, PROGRAMS[kind])
    await _troubled(world, shop)
    await _healed(world)
    await asyncio.sleep(HOUR)
    await _repeated(world, shop)
    events = await decoder(world.codec, world.keys)(await world.log.read(0, 1_000_000))
    Check(world, shop, events).all()


async def _troubled(world: World, shop: Shop) -> None:
    loop = asyncio.get_running_loop()
    trouble = loop.create_task(Trouble(world).run())
    shopping = [loop.create_task(Shopper(shop, number).live()) for number in range(world.plan.shoppers)]
    shopping.append(loop.create_task(stocktaking(shop, world.chance("stocktaking"))))
    await asyncio.sleep(world.plan.lasts)
    trouble.cancel()
    await asyncio.gather(trouble, return_exceptions=True)
    world.record.healed = True
    for here in list(world.running):  # so that shoppers end
        world.thaw(here)
    if not world.of_kind("command"):
        world.launch("command", PROGRAMS["command"])
    await asyncio.gather(*shopping)


async def _healed(world: World) -> None:
    """Everything starts anew, once; operators let parked keys go."""
    for here in list(world.running):
        world.kill(here)
    outbox.SWEEP_EVERY = CALM_SWEEP
    world.provider.altered_minor = None
    for parked in await world.work.parked():
        await world.work.release(parked.name, parked.key)
        world.record.seen["parked key released"] += 1
    for kind in PROGRAMS:
        world.launch(kind, PROGRAMS[kind])


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
    """No lines of logs; the constants of the calm hour are put back."""
    every, before = outbox.SWEEP_EVERY, structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        outbox.SWEEP_EVERY = every
        structlog.configure(**before)


def _unheard(context: dict[str, Any]) -> str:
    error = context.get("exception")
    return f"{context.get('message')} {type(error).__name__ if error else ''} {error or ''}"
