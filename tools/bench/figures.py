"""What does a measurement say? A value beside the limit of the same run, and whether it reaches its target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SPREAD_TOLD = 0.4  # of the limit's samples: above it the table says so


@dataclass(frozen=True, slots=True)
class Limit:
    """What the machine can do without us, measured before and after; the better one counts."""

    samples: Sequence[float]
    lower_is_better: bool = False

    @property
    def best(self) -> float:
        return min(self.samples) if self.lower_is_better else max(self.samples)

    @property
    def spread(self) -> float:
        return (max(self.samples) - min(self.samples)) / max(self.samples)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. Without a limit the value itself must stay at or below the target."""

    key: str
    unit: str
    samples: Sequence[float]  # of ours; their median is the value
    limit: Limit | None
    target: float  # of the ratio, or of the value
    beside: Mapping[str, float] = field(default_factory=dict)  # what is printed next to it
    bounds: Mapping[str, float] = field(default_factory=dict)  # what some of that may be at most

    @property
    def value(self) -> float:
        return median(self.samples)

    @property
    def ratio(self) -> float | None:
        return None if self.limit is None else self.value / self.limit.best

    @property
    def lower_is_better(self) -> bool:
        return self.limit is None or self.limit.lower_is_better

    @property
    def passes(self) -> bool:
        judged = self.value if self.ratio is None else self.ratio
        reached = judged <= self.target if self.lower_is_better else judged >= self.target
        return reached and all(self.beside[name] <= most for name, most in self.bounds.items())

    def as_json(self) -> Mapping[str, object]:
        limit = self.limit
        return {
            "value": round(self.value, 3),
            "unit": self.unit,
            "limit": None if limit is None else round(limit.best, 3),
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "target": self.target,
            "pass": self.passes,
            "samples": [round(sample, 3) for sample in self.samples],
            "limit_samples": [] if limit is None else [round(sample, 3) for sample in limit.samples],
            **{name: round(value, 3) for name, value in self.beside.items()},
            **{f"{name}_at_most": most for name, most in self.bounds.items()},
        }

    def as_line(self) -> str:
        sign = "<=" if self.lower_is_better else ">="
        beside = "".join(f", {name} {value:.2f}" for name, value in self.beside.items())
        beside += "".join(f", {name} must be <= {most:g}" for name, most in self.bounds.items())
        start = f"{'ok  ' if self.passes else 'MISS'} {self.key:<28} {self.value:>9.1f} {self.unit:<5}"
        if self.limit is None or self.ratio is None:
            return f"{start} (must be {sign} {self.target:g}){beside}"
        spread = f", limit spread {self.limit.spread:.0%}" if self.limit.spread > SPREAD_TOLD else ""
        limit = f"of {self.limit.best:>9.1f}  ratio {self.ratio:.2f} (must be {sign} {self.target:.2f})"
        return f"{start} {limit}{beside}{spread}"


def median(samples: Sequence[float]) -> float:
    return quantile(samples, 0.5)


def quantile(samples: Sequence[float], part: float) -> float:
    """The sample below which that part of them lies."""
    ordered = sorted(samples)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]
