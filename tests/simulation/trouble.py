"""What goes wrong, and when? Programs killed, frozen, doubled; stores emptied; the provider changing its mind."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from infra.memory.clock import START
from infra.ports import ChargeState, ProviderRefused
from tests.simulation.chances import Chance
from tests.simulation.loop import outside
from tests.simulation.programs import PROGRAMS
from tests.simulation.world import Running, World

OFTEN: Mapping[float, float] = {0.005: 15.0, 0.025: 5.0, 0.08: 1.5}  # a rate, and seconds between two

WAITS = 5.0  # seconds until a program is stopped wherever it is
ANSWERS = ("keys.make", "keys.find", "log.append", "log.append")
POINTS: Mapping[str, tuple[str, ...]] = {
    "command": ANSWERS,
    "processes": ("work.save", "work.save", "work.save", "work.load", "work.due_timers", "leases.renew", "log.append"),
    "workers": (
        "work.take_effect",
        "work.finish_effect",
        "work.retry_effect",
        "provider.authorise",
        "provider.capture",
        "provider.void",
        "provider.refund",
        "provider.find",
        "mail.send",
        "log.append",
    ),
    "projecting": (
        "mongo.commit",
        "sql.commit",
        "mongo.load",
        "mongo.take",
        "mongo.advance",
        "leases.renew",
        "kv.begin",
        "kv.put_newer",
    ),
    "readers": ("mongo.load", "kv.get", "kv.put_newer", "kv.put_newer", "mongo.checkpoints"),
    "sockets": ("mongo.find", "mongo.load", "kv.put_newer", "mongo.checkpoints"),
}


LATE_POINTS = ("log.append", "log.append done", "work.save", "work.save done")


class LateCrash:
    """In the calm hour the long timers ring, and the processes are killed while one of them leads to something.

    Most come to nothing, as their orders have ended: those spend no kill.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.chance("late crash")
        self._left = self._chance.pick((2, 4, 8))
        self._ringing: set[str] = set()  # processes that have been told of timers, and have kept nothing since
        self._acts = False  # whether something was written meanwhile

    def attend(self, here: Running) -> None:
        point = self._chance.pick(LATE_POINTS)

        def trap(passed: str, what: str) -> bool:
            if self._world.record.over or not self._left:
                return False
            self._follow(passed)
            if passed == point and self._acts and (what in self._ringing or passed.startswith("log.")):
                self._kill(here)
                return True
            if passed == "work.save done" and what in self._ringing:
                self._ringing.discard(what)
                self._acts = False
            return False

        here.program.trap = trap

    def _follow(self, passed: str) -> None:
        if passed == "work.due_timers done":
            now = START + timedelta(seconds=self._world.loop.time())
            self._ringing.update(timer.process for timer in self._world.work._timers.values() if timer.at <= now)
        elif passed == "log.append" and self._ringing:
            self._acts = True

    def _kill(self, here: Running) -> None:
        world = self._world
        self._left -= 1
        self._ringing.clear()
        self._acts = False
        world.record.seen["crash in the calm hour"] += 1
        world.kill(here)
        world.leases.run_out(here.program.name)  # as it would in time: in the calm hour leases are long
        world.loop.call_later(self._chance.pick((0.0, 5.0)), self._another, context=outside())

    def _another(self) -> None:
        self.attend(self._world.launch("processes", PROGRAMS["processes"]))


class Trouble:
    """Runs while there are faults; `World.record.healed` ends it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kinds = [kind for kind in PROGRAMS if world.is_planned(kind)]

    def kinds(self) -> Mapping[str, Callable[[Chance], Awaitable[None]]]:
        return {
            "crash": self._crash,
            "stop": self._stop,
            "freeze": self._freeze,
            "double": self._double,
            "flush": self._flush,
            "back": self._back,
            "altered": self._altered,
            "let_go": self._let_go,
        }

    async def run(self) -> None:
        plan = self._world.plan
        async with asyncio.TaskGroup() as tasks:
            for fault, cause in self.kinds().items():
                if fault in plan.faults:
                    tasks.create_task(self._again(fault, cause))

    async def _again(self, fault: str, cause: Callable[[Chance], Awaitable[None]]) -> None:
        chance = self._world.chance(f"trouble {fault}")
        mean = OFTEN[self._world.plan.rates[fault]]
        while True:
            await asyncio.sleep(chance.between(0.0, 2.0 * mean))
            await cause(chance)

    def _any(self, chance: Chance) -> Running:
        return chance.pick(self._world.running)

    async def _crash(self, chance: Chance) -> None:
        here = await self._caught(chance)
        if here in self._world.running:
            self._world.kill(here)
            await self._anew(here.kind, chance)

    async def _caught(self, chance: Chance) -> Running:
        """A program: at any moment, or right before or after one of its calls."""
        here = self._any(chance)
        if chance.one() < 0.4 or here.program.trap is not None or here.program.frozen:
            await self._moment(chance)
            return here
        point = chance.pick(POINTS[here.kind]) + chance.pick(("", " done"))
        caught = asyncio.get_running_loop().create_future()

        def trap(passed: str, what: str) -> bool:
            if passed != point or here.program.frozen or (point.startswith("work.save") and not what):
                return False
            here.program.frozen = True
            if not caught.done():
                caught.set_result(None)
            self._world.record.seen[f"stopped at {point}"] += 1
            return True

        here.program.trap = trap
        try:
            async with asyncio.timeout(WAITS):
                await caught
        except TimeoutError:
            pass
        here.program.trap = None
        if caught.done() and not caught.cancelled():
            self._world.thaw(here)  # whoever wanted it stopped goes on from here
            here.program.frozen = here in self._world.running
        return here

    async def _stop(self, chance: Chance) -> None:
        here = self._any(chance)
        await self._moment(chance)
        if here in self._world.running and not here.program.frozen:
            self._world.stop(here)
            await self._anew(here.kind, chance)

    async def _moment(self, chance: Chance) -> None:
        """Right after a step of somebody's, not only after a pause of everybody's."""
        for _ in range(chance.whole(0, 40)):
            await asyncio.sleep(0)

    async def _anew(self, kind: str, chance: Chance) -> None:
        await asyncio.sleep(chance.pick((0.0, 0.3, 4.0)))
        self._world.launch(kind, PROGRAMS[kind])

    async def _freeze(self, chance: Chance) -> None:
        here = await self._caught(chance)
        if here not in self._world.running:
            return
        seconds = chance.pick((0.5, 4.0, 8.0, 20.0))
        self._world.freeze(here, seconds)
        if chance.one() < 0.7:  # it does not answer: somebody starts another one, and both go on after the thaw
            second = self._world.launch(here.kind, PROGRAMS[here.kind])
            await asyncio.sleep(seconds + chance.between(0.5, 5.0))
            if second in self._world.running:
                self._world.kill(second)

    async def _double(self, chance: Chance) -> None:
        kind = chance.pick(self._kinds)
        self._world.record.inject("double", kind)
        second = self._world.launch(kind, PROGRAMS[kind])
        await asyncio.sleep(chance.between(1.0, 20.0))
        if second in self._world.running:
            self._world.kill(second)

    async def _flush(self, chance: Chance) -> None:
        """Forgotten, as it was some time ago, or out of reach for a while."""
        copies = self._world.copies
        how = chance.pick(("flushed", "older", "away"))
        self._world.record.inject("flush", f"key values {how}")
        if how == "flushed":
            copies.flush()
        elif how == "older":
            dump = copies.dump()
            await asyncio.sleep(chance.between(0.5, 15.0))
            copies.restore(dump)
        else:
            copies.away = True
            try:
                await asyncio.sleep(chance.between(0.3, 4.0))
            finally:
                copies.away = False

    async def _back(self, chance: Chance) -> None:
        """Dropped, or as it was some time ago. The rows lie beside the log: they are only dropped."""
        world = self._world
        view = chance.pick(world.views)
        if chance.one() < 0.2:
            world.record.inject("back", f"rows of {view.target} dropped")
            await world.rows.drop(view.target)
        elif chance.one() < 0.3:
            world.record.inject("back", f"documents of {view.target} dropped")
            await world.documents.drop(view.target)
        else:
            dump = world.documents.dump()
            await asyncio.sleep(chance.between(0.5, 15.0))
            world.record.inject("back", "documents of an older dump")
            world.documents.restore(dump)

    async def _altered(self, chance: Chance) -> None:
        self._world.record.inject("altered", "the next authorisation")
        self._world.provider.altered_minor = chance.pick((1, 777, 90_000))

    async def _let_go(self, chance: Chance) -> None:
        """As after days: what is held and not captured is given up."""
        world = self._world
        held = [each for each in world.provider._intents.values() if each.state is ChargeState.AUTHORISED]
        if held:
            world.record.inject("let_go", held[0].ref)
            try:
                await world.provider.void(held[0].ref, f"let go {held[0].ref}")
            except ProviderRefused:
                return
