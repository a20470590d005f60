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
    """One line of the table."""

    key: str
    unit: str
    samples: Sequence[float]  # of ours; their median is the value
    limit: Limit
    target: float  # of the ratio
    beside: Mapping[str, float] = field(default_factory=dict)  # what is printed next to it

    @property
    def value(self) -> float:
        return median(self.samples)

    @property
    def ratio(self) -> float:
        return self.value / self.limit.best

    @property
    def passes(self) -> bool:
        return self.ratio <= self.target if self.limit.lower_is_better else self.ratio >= self.target

    def as_json(self) -> Mapping[str, object]:
        return {
            "value": round(self.value, 3),
            "unit": self.unit,
            "limit": round(self.limit.best, 3),
            "ratio": round(self.ratio, 3),
            "target": self.target,
            "pass": self.passes,
            "samples": [round(sample, 3) for sample in self.samples],
            "limit_samples": [round(sample, 3) for sample in self.limit.samples],
            **{name: round(value, 3) for name, value in self.beside.items()},
        }

    def as_line(self) -> str:
        sign = "<=" if self.limit.lower_is_better else ">="
        beside = "".join(f", {name} {value:.2f}" for name, value in self.beside.items())
        spread = f", limit spread {self.limit.spread:.0%}" if self.limit.spread > SPREAD_TOLD else ""
        verdict = "ok  " if self.passes else "MISS"
        return (
            f"{verdict} {self.key:<24} {self.value:>9.1f} {self.unit:<4} of {self.limit.best:>9.1f}"
            f"  ratio {self.ratio:.2f} (must be {sign} {self.target:.2f}){beside}{spread}"
        )


def median(samples: Sequence[float]) -> float:
    return quantile(samples, 0.5)


def quantile(samples: Sequence[float], part: float) -> float:
    """The sample below which that part of them lies."""
    ordered = sorted(samples)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]
