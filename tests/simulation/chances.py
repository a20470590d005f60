"""What is drawn, counted and remembered while a seed runs: one stream of chance for each purpose, one trace of all."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random
from typing import TypeVar

from tests.simulation.plan import Plan

T = TypeVar("T")


class Chance:
    """Random numbers of one purpose: what another purpose draws moves none of these."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._random = Random(f"{purpose} {seed}")
        self.one = self._random.random
        self.whole = self._random.randint
        self.between = self._random.uniform
        self.bytes = self._random.randbytes

    def hits(self, rate: float) -> bool:
        return rate > 0.0 and self.one() < rate

    def pick(self, choices: Sequence[T]) -> T:
        return self._random.choice(choices)


@dataclass(slots=True)
class Record:
    """`seen` counts what has happened at least once; `wrong` is what must never be."""

    plan: Plan
    seen: Counter[str] = field(default_factory=Counter)
    injected: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    healed: bool = False  # no faults any more
    over: bool = False  # soon all is looked at: nobody is killed any more
    closed: bool = False  # nothing that is still done counts

    def rate(self, fault: str) -> float:
        return 0.0 if self.healed else self.plan.rate(fault)

    def inject(self, fault: str, what: str) -> None:
        self.injected[fault] += 1
        self.trace.append(f"! {fault} {what}")

    def violation(self, what: str) -> None:
        if not self.closed:
            self.wrong.append(what)

    @property
    def digest(self) -> str:
        return blake2b("\n".join(self.trace).encode(), digest_size=16).hexdigest()
