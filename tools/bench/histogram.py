"""How long did requests take? Counts in buckets 2 % apart, from a microsecond up: the memory stays small.

For an open loop the time counts from when a request was due, not from when it could be sent, so that a server that
stalls is not spared by a client that waits for it (coordinated omission).
"""

import math
from collections import Counter

_STEP = math.log(1.02)


class Histogram:
    """Times in milliseconds."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.count = 0
        self.most = 0.0

    def record(self, milliseconds: float) -> None:
        micros = max(milliseconds * 1000, 1.0)
        self._counts[round(math.log(micros) / _STEP)] += 1
        self.count += 1
        self.most = max(self.most, milliseconds)

    def add(self, other: "Histogram") -> None:
        """All that the other has counted."""
        self._counts.update(other._counts)
        self.count += other.count
        self.most = max(self.most, other.most)

    def quantile(self, part: float) -> float:
        """The time below which that part of them lies, to 1 %. Nothing recorded: 0."""
        wanted, seen = part * self.count, 0
        for bucket in sorted(self._counts):
            seen += self._counts[bucket]
            if seen >= wanted:
                return min(math.exp(bucket * _STEP) / 1000, self.most)
        return 0.0

    def as_json(self) -> dict[str, float]:
        named = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
        found = {name: round(self.quantile(part), 3) for name, part in named.items()}
        return {"count": self.count, **found, "max_ms": round(self.most, 3)}
