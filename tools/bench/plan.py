"""How long does the bench measure, and over how much?"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of the bench."""

    seconds: int = 4  # of one run of a figure
    runs: int = 3
    events: int = 1_000_000  # of the log that is rebuilt
    projected: int = 100_000  # of the log that is projected
    sizes: Sequence[int] = (10_000, 100_000, 1_000_000)  # events of the logs over which cost is seen to grow
    idle_seconds: int = 60  # before the memory is measured
    sockets: int = 2_000


QUICK = Plan(seconds=2, events=20_000, projected=20_000, sizes=(10_000, 20_000), idle_seconds=10)
