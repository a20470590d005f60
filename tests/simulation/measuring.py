"""python -m tests.simulation.measuring [PLANT ...]: how many seeds find each planted bug, and by which check?

Of each bug the seeds from 1 on are run in one process: 100 of them, or 300 where fewer than 10 of the first 100 found
it, since the figure would be too rough (TELOCOMPRO_MEASURED="n m" for n, or m). Red: a bug that fewer than 1 % find.
There the workload must change.
"""

import os
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.plants import PLANTS, planted
from tests.simulation.simulate import simulate

OFTEN, SELDOM = (int(each) for each in os.environ.get("TELOCOMPRO_MEASURED", "100 300").split())  # seeds
ROUGH = 10  # found by fewer of the first ones: more are run
LEAST = 0.01  # of all seeds
NAMES = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")  # what differs from seed to seed in what is told


@dataclass(slots=True)
class Measured:
    """Of one planted bug."""

    plant: str
    seeds: int = 0
    found: list[int] = field(default_factory=list)  # by which seeds
    by: Counter[str] = field(default_factory=Counter)  # which check said it first, without names and numbers
    spent: float = 0.0  # CPU seconds

    @property
    def share(self) -> float:
        return len(self.found) / self.seeds if self.seeds else 0.0

    def run(self, seed: int) -> None:
        """With the bug planted already."""
        began = time.process_time()
        wrong = simulate(seed).wrong
        self.spent += time.process_time() - began
        self.seeds += 1
        if wrong:
            self.found.append(seed)
            self.by[NAMES.sub("…", wrong[0])] += 1


def measured(plant: str, often: int = OFTEN, seldom: int = SELDOM) -> Measured:
    """How often it is found by the first seeds."""
    told = Measured(plant)
    with planted(plant):
        for seed in range(1, often + 1):
            told.run(seed)
        if len(told.found) < ROUGH:
            for seed in range(often + 1, seldom + 1):
                told.run(seed)
    return told


def line(told: Measured) -> str:
    """For people."""
    first = told.found[0] if told.found else "-"
    by = "; ".join(f"{times}x {what[:90]}" for what, times in told.by.most_common(2))
    counts = f"{len(told.found):4} of {told.seeds}, {told.share:6.1%}"
    return f"{told.plant:32} {counts}, first seed {first}, {told.spent:.0f} s: {by}"


def main(plants: list[str]) -> int:
    """Of these, or of all. Each is told as soon as it is measured."""
    rare = []
    for plant in plants or list(PLANTS):
        told = measured(plant)
        sys.stdout.write(f"{line(told)}\n")
        sys.stdout.flush()
        if told.share < LEAST:
            rare.append(plant)
    if rare:
        sys.stdout.write(f"found by fewer than {LEAST:.0%}: {', '.join(rare)}\n")
    return 1 if rare else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
