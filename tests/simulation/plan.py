"""What does a seed's run look like? The shop, its pace, and which faults are on and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

FAULTS = (
    "altered",  # the provider holds another amount than it was asked for
    "append",  # a commit whose answer is lost: done, not done, or done later
    "back",  # a document store is set back to an older state, or dropped
    "broker",  # wake-ups lost, repeated, late
    "crash",  # a program is killed at an await and started anew
    "double",  # a second program of the same kind runs beside the first
    "flush",  # the key-value store forgets everything
    "freeze",  # a program stands still for longer than its leases
    "let_go",  # the provider gives an authorisation up by itself
    "mail",  # the mail server fails before and after the act
    "poison",  # a process can't handle a message until its code is mended
    "provider",  # the provider fails before and after the act, or acts late
    "replies",  # the answer to a client is lost
    "skew",  # clocks differ
    "slow",  # everything takes its time
    "stop",  # a program is ended in order and started anew
    "store",  # a store's call fails before or after it was done
    "webhooks",  # the provider's messages lost, repeated, reordered
)
ALWAYS = ("orders", "stock_levels", "public_changes")  # views that clients of the simulation read
SOMETIMES = ("carts", "products", "order_history", "payments", "inbox", "customers", "user_events")
RATES = (0.005, 0.025, 0.08)  # of calls; see also `wires.OUTSIDE` and `trouble.OFTEN`


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    seed: int
    faults: tuple[str, ...]
    rates: Mapping[str, float]
    shoppers: int
    orders: int  # of each shopper
    stock: tuple[int, ...]  # of each variant at the start
    nodes: int  # of the command API
    batch: int
    at_once: int
    kept: int
    cached: int
    effects: int  # under way at once in a worker
    views: tuple[str, ...]  # that are projected, by name
    readers: int
    sockets: int
    lasts: float  # seconds with faults
    evicted: float  # of the copies that are asked for: gone, as the key-value store is short of memory

    def without(self, *faults: str) -> "Plan":
        return replace(self, faults=tuple(fault for fault in self.faults if fault not in faults))

    def rate(self, fault: str) -> float:
        return self.rates[fault] if fault in self.faults else 0.0


def draw(seed: int) -> Plan:
    """The same seed always gives the same plan. One seed in eight has no faults at all."""
    chance = Random(f"plan {seed}")
    share = chance.choice((0.0, 0.15, 0.3, 0.3, 0.3, 0.5, 0.5, 0.8))
    return Plan(
        seed=seed,
        faults=tuple(fault for fault in FAULTS if chance.random() < share),
        rates={fault: chance.choice(RATES) for fault in FAULTS},
        shoppers=chance.choice((1, 2, 2, 3, 4)),
        orders=chance.choice((1, 1, 2)),
        stock=tuple(chance.choice((1, 2, 3, 6, 40)) for _ in range(chance.choice((1, 1, 2)))),
        nodes=chance.choice((1, 2)),
        batch=chance.choice((1, 2, 7, 256)),
        at_once=chance.choice((1, 3, 32)),
        kept=chance.choice((1, 5, 4096)),
        cached=chance.choice((1, 4, 1000)),
        effects=chance.choice((1, 2, 8)),
        views=(*ALWAYS, *(view for view in SOMETIMES if chance.random() < 0.2)),
        sockets=chance.choice((0, 1, 2)),
        readers=chance.choice((0, 1, 2)),
        lasts=chance.choice((10.0, 20.0, 40.0)),
        evicted=chance.choice((0.0, 0.1, 0.5)),
    )
