"""python -m tests.simulation SEEDS [FIRST]: run so many seeds and say what was found."""

import sys
import time
from collections import Counter

from tests.simulation.simulate import simulate


def main(seeds: int, first: int = 1) -> int:
    seen: Counter[str] = Counter()
    injected: Counter[str] = Counter()
    failed = 0
    begun = time.process_time()
    for seed in range(first, first + seeds):
        outcome = simulate(seed)
        seen += outcome.record.seen
        injected += outcome.record.injected
        if outcome.wrong:
            failed += 1
            print(f"seed {seed} faults {' '.join(outcome.plan.faults)}")
            for wrong in outcome.wrong[:6]:
                print(f"    {wrong}")
    spent = time.process_time() - begun
    print(f"{seeds} seeds, {failed} failed, {seeds / spent:.1f} seeds per CPU second")
    print("injected", dict(sorted(injected.items())))
    print("seen", dict(sorted(seen.items())))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
