"""python -m tests.simulation SEEDS [FIRST]: run so many seeds and say what was found.

TELOCOMPRO_PLANT=name runs them with a planted bug; TELOCOMPRO_SECONDS=n stops after so many seconds.
"""

import os
import sys
import time
from collections import Counter

from tests.simulation.plants import planted
from tests.simulation.shrinking import told
from tests.simulation.simulate import simulate


def main(seeds: int, first: int = 1) -> int:
    seen: Counter[str] = Counter()
    injected: Counter[str] = Counter()
    failed = done = 0
    begun, limit = time.process_time(), float(os.environ.get("TELOCOMPRO_SECONDS", "inf"))
    with planted(os.environ.get("TELOCOMPRO_PLANT")):
        for seed in range(first, first + seeds):
            outcome = simulate(seed)
            done += 1
            seen += outcome.record.seen
            injected += outcome.record.injected
            if outcome.wrong:
                failed += 1
                _say(told(outcome))
            if time.process_time() - begun > limit:
                break
    spent = time.process_time() - begun
    _say(f"{done} seeds, {failed} failed, {done / spent:.1f} seeds per CPU second")
    _say("injected " + _counted(injected))
    _say("seen " + _counted(seen))
    return 1 if failed else 0


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
