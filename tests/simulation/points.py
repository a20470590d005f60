"""Where can a program be killed? Each commit, call and acknowledgement has a name, and each is tried.

A stage is a small shop without crashes. Its programs are watched once to learn how often each passes a point; then,
for each point, the same story is told again, and the program is killed right there. Up to the kill nothing differs.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from tests.simulation.chances import Chance
from tests.simulation.loop import outside
from tests.simulation.plan import ALWAYS, FAULTS, Plan, draw
from tests.simulation.programs import PROGRAMS
from tests.simulation.simulate import Outcome, simulate
from tests.simulation.world import Running, World

ANY = ("",)
DONE = " done"
# By program: before and after each of these, by what it is about.
CALLS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "command": {
        "asked": ("AddToCart", "CancelOrder", "PlaceOrder", "RecordProviderEvent", "RefundPayment", "RegisterCustomer"),
        "keys.make": ANY,
        "log.append": (
            "cart.created",
            "cart.item_added",
            "cart.converted",
            "customer.registered",
            "order.cancelled",
            "payment.refund_requested",
            "provider_event.recorded",
            "stock.received",
        ),
    },
    "processes": {
        "broker.wake": ANY,
        "leases.renew": ANY,
        "leases.take": ANY,
        "log.append": (
            "notification.posted",
            "order.cancelled",
            "order.confirmed",
            "order.expired",
            "order.payment_action_required",
            "order.payment_authorized",
            "order.payment_captured",
            "order.payment_declined",
            "order.payment_outcome_unknown",
            "order.payment_voided",
            "order.refund_completed",
            "payment.authorization_action_required",
            "payment.authorization_failed",
            "payment.authorization_requested",
            "payment.authorization_succeeded",
            "payment.capture_requested",
            "payment.capture_succeeded",
            "payment.refund_requested",
            "payment.void_requested",
            "payment.voided",
            "stock.reservation_expired",
            "stock.reservation_extended",
        ),
        "work.save": ("", "collect_payment", "notify_customer", "refund_payment", "release_reservations"),
    },
    "workers": {
        "log.append": (
            "notification.mail_accepted",
            "payment.authorization_action_required",
            "payment.authorization_failed",
            "payment.authorization_succeeded",
            "payment.authorization_unknown",
            "payment.capture_succeeded",
            "payment.capture_unknown",
            "payment.refund_succeeded",
            "payment.voided",
        ),
        "mail.send": ANY,
        "provider.authorise": ANY,
        "provider.capture": ANY,
        "provider.find": ANY,
        "provider.refund": ANY,
        "provider.void": ANY,
        "work.finish_effect": ANY,
        "work.retry_effect": ANY,
        "work.take_effect": ANY,
    },
    "projecting": {
        "kv.begin": ANY,
        "kv.nudge": ANY,
        "kv.put_newer": ("orders_v1", "stock_levels_v1"),
        "leases.renew": ANY,
        "leases.take": ANY,
        "mongo.advance": ANY,
        "mongo.commit": ("orders_v1", "public_changes_v1", "stock_levels_v1"),
        "mongo.take": ANY,
        "sql.advance": ANY,
        "sql.commit": ("orders_v1", "stock_levels_v1"),
        "sql.take": ANY,
    },
    "readers": {"asked": ("read",), "kv.put_newer": ("stock_levels_v1",)},
    "sockets": {"socket.send": ("ack", "event"), "kv.put_newer": ("stock_levels_v1",)},
}
# Only before them: after a read that came to nothing, all is as it was before.
READS: Mapping[str, tuple[str, ...]] = {
    "command": ("keys.find", "log.answer", "log.stream", "log.streams"),
    "processes": (
        "keys.find",
        "log.answer",
        "log.head",
        "log.read",
        "log.streams",
        "work.due_effects",
        "work.due_timers",
        "work.load",
        "work.position",
        "work.released",
    ),
    "workers": ("keys.find", "log.answer", "log.read", "log.streams"),
    "projecting": (
        "keys.find",
        "kv.get",
        "log.head",
        "log.read",
        "mongo.load",
        "mongo.parked",
        "mongo.position",
        "sql.load",
        "sql.parked",
        "sql.position",
    ),
    "readers": ("kv.get", "mongo.load", "mongo.checkpoints", "sql.checkpoints"),
    "sockets": ("kv.get", "mongo.find", "mongo.load", "mongo.checkpoints", "sql.checkpoints"),
}
RARE = ("provider", "append", "replies", "webhooks", "mail")  # faults, for what is only done because of them
STORES = ("back", "flush", "store")
FIRST, MOST = 1, 80  # seeds of stages
Name = tuple[str, str, str]  # of a point: the program's kind, the call, and what it is about


def points() -> Iterator[Name]:
    """All of them."""
    for kind, calls in CALLS.items():
        for call, whats in calls.items():
            for what in whats:
                yield kind, call, what
                yield kind, call + DONE, what
        for call in READS[kind]:
            yield kind, call, ""
    yield "workers", "broker.take" + DONE, ""  # a message that is taken is acknowledged


@dataclass(frozen=True, slots=True)
class Setting:
    """What makes one stage differ from another."""

    seed: int
    faults: tuple[str, ...] = ()
    readers: int = 0
    sockets: int = 0

    @property
    def plan(self) -> Plan:
        return replace(
            draw(self.seed),
            faults=self.faults,
            rates=dict.fromkeys(FAULTS, 0.08),
            shoppers=3,
            orders=1,
            stock=(3,),
            nodes=1,
            batch=7,
            at_once=3,
            kept=5,
            cached=4,
            effects=2,
            views=ALWAYS,
            readers=self.readers,
            sockets=self.sockets,
            lasts=10.0,
        )


def settings(kind: str) -> Iterator[Setting]:
    """Where to look for a point of such a program, the most promising first."""
    for seed in range(FIRST, FIRST + MOST):
        if kind == "readers":
            yield Setting(seed, STORES, readers=2)
        elif kind == "sockets":
            yield Setting(seed, sockets=1)
        else:
            yield Setting(seed, RARE if seed % 4 else ())


@dataclass(slots=True)
class Stage:
    plan: Plan
    wrong: list[str] = field(default_factory=list)
    passed: Counter[Name] = field(default_factory=Counter)

    def watch(self, world: World, here: Running) -> Callable[[str, str], bool]:
        def trap(point: str, what: str) -> bool:
            if not world.record.over:
                self.passed[here.kind, point, what] += 1
            return False

        return trap


@cache
def stage(setting: Setting) -> Stage:
    """Told once."""
    made = Stage(setting.plan)
    made.wrong = simulate(made.plan, made.watch).wrong
    return made


@dataclass(slots=True)
class Killer:
    """Kills whoever passes this point for the nth time, and starts another one a moment later."""

    name: Name
    number: int
    after: float  # seconds until the next one is there
    killed: bool = False

    def watch(self, world: World, here: Running) -> Callable[[str, str], bool]:
        def trap(point: str, what: str) -> bool:
            if (here.kind, point, what) != self.name or world.record.over:
                return False
            self.number -= 1
            if self.number:
                return False
            self._kill(world, here)
            return True

        return trap

    def _kill(self, world: World, here: Running) -> None:
        self.killed = True
        healed = world.record.healed
        world.kill(here)
        if healed:
            world.leases.run_out(here.program.name)  # they are long in the calm hour, only to save steps

        def another() -> None:
            if world.record.healed == healed:
                world.launch(here.kind, PROGRAMS[here.kind])

        world.loop.call_later(self.after, another, context=outside())


def killed_at(name: Name) -> Outcome | None:
    """The story of a stage with a kill at this point; None: no stage comes there."""
    told = (stage(setting) for setting in settings(name[0]))
    found = next((each for each in told if each.passed[name]), None)
    if found is None:
        return None
    chance = Chance(found.plan.seed, " ".join(name))
    killer = Killer(name, chance.whole(1, min(found.passed[name], 20)), chance.pick((0.0, 0.3, 4.0)))
    outcome = simulate(found.plan, killer.watch)
    return outcome if killer.killed else None
