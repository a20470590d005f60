"""What was done to the platform, how soon did it work again, and what did it get wrong?"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

KILL, POSTGRES_RESTART, UNKNOWN_COMMIT = "kill -9", "PostgreSQL stopped and started", "reply to a commit lost"
FROZEN, PAUSE, FLUSH = "peer frozen", "pause longer than the lease", "Redis flushed"
WANTED: Mapping[str, int] = {  # of a full run
    KILL: 300,
    UNKNOWN_COMMIT: 300,
    FROZEN: 24,
    PAUSE: 40,
    FLUSH: 60,
    POSTGRES_RESTART: 10,
}
LIMITS: Mapping[str, float] = {KILL: 5.0, POSTGRES_RESTART: 15.0}  # seconds, 95 of a hundred recoveries


@dataclass(slots=True)
class Line:
    """One kind of fault: by what it was done to, and in all."""

    injected: int = 0
    recoveries: list[float] = field(default_factory=list)  # seconds
    parts: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def quantile(self, share: float) -> float | None:
        """The nearest-rank quantile; None where nothing was measured."""
        return quantile(self.recoveries, share)


@dataclass(slots=True)
class Tally:
    """Counts of a run. `violations` holds whatever must never happen, in words."""

    lines: dict[str, Line] = field(default_factory=lambda: defaultdict(Line))
    violations: list[str] = field(default_factory=list)
    checks: list[Mapping[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def injected(self, kind: str, times: int = 1) -> None:
        self.lines[kind].injected += times

    def recovered(self, kind: str, seconds: float, part: str = "") -> None:
        self.lines[kind].recoveries.append(seconds)
        if part:
            self.lines[kind].parts[part].append(seconds)

    def violated(self, what: str) -> None:
        self.violations.append(what)

    def judge(self, wanted: Mapping[str, int], limits: Mapping[str, float] = LIMITS) -> Sequence[str]:
        """What is missing: fewer injections than wanted, or recoveries above their limit. Violations are apart."""
        short = [
            f"{kind}: {self.lines[kind].injected} of {least}"
            for kind, least in wanted.items()
            if self.lines[kind].injected < least
        ]
        for kind, limit in limits.items():
            slowest = self.lines[kind].quantile(0.95) if kind in self.lines else None
            if slowest is not None and slowest > limit:
                short.append(f"{kind}: 95 % within {slowest:.1f} s instead of {limit:.0f} s")
        return short


def quantile(values: Sequence[float], share: float) -> float | None:
    """By nearest rank."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]
