"""python -m tests.faults [--short] [--seed N] [--scale X] [--only ROUND,…]: harm the platform, and say what came of it.

Exit code 1 where anything was violated, fewer faults were injected than wanted, or a recovery took too long.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

import uvloop

from tests.faults import report
from tests.faults.disk import FULL, small_disk
from tests.faults.rounds import Round, full, short
from tests.faults.scene import open_scene, say
from tests.faults.seeds import simulated
from tests.faults.tally import FLUSH, FROZEN, KILL, POSTGRES_RESTART, UNKNOWN_COMMIT, WANTED, Tally
from tests.kit.platform import ROOT

SHOPPERS, FEW = 5, 3
SHORT_SECONDS = 60.0  # what would begin later is left out of a short run
SHORT_WANTED = dict.fromkeys((KILL, POSTGRES_RESTART, UNKNOWN_COMMIT, FROZEN, FLUSH), 1)


def main() -> int:
    asked = _arguments()
    say(f"seed {asked.seed}")
    rounds = short() if asked.short else full(asked.scale)
    if asked.only:
        rounds = [each for each in rounds if each.name in asked.only.split(",")]
    begun, tally = time.monotonic(), Tally()
    if rounds:
        with new_folder(asked.keep) as folder:
            uvloop.run(run(folder, rounds, asked.seed, tally, short=asked.short))
    if not asked.short and (not asked.only or "disk" in asked.only.split(",")):
        with new_folder(asked.keep) as folder:
            uvloop.run(run_on_a_small_disk(folder, asked.seed, tally))
    if asked.seeds:
        uvloop.run(simulated(tally, asked.seeds))
        say(f"simulation: {tally.facts['simulation']}")
    missing = _missing(tally, asked)
    seconds = time.monotonic() - begun
    report.write(ROOT / "build", tally, missing, asked.seed, seconds)
    say(report.table(tally))
    for line in missing:
        say(f"MISSING {line}")
    say(f"{len(tally.violations)} violations; {seconds:.0f} s, seed {asked.seed}; the whole in build/{report.JSON}")
    return 1 if tally.violations or missing else 0


def _missing(tally: Tally, asked: argparse.Namespace) -> Sequence[str]:
    """A short run is held to having harmed, not to times: it runs beside other tests."""
    if asked.only:
        return []
    if not asked.short:
        return tally.judge({kind: round(least * asked.scale) for kind, least in WANTED.items()})
    return tally.judge({KILL: 1} if "left out" in tally.facts else SHORT_WANTED, {})


async def run(folder: Path, rounds: Sequence[Round], seed: int, tally: Tally, *, short: bool = False) -> None:
    """Every round under load, each followed by its verdict."""
    deadline = time.monotonic() + SHORT_SECONDS if short else None
    async with open_scene(folder, tally, random.Random(seed), FEW if short else SHOPPERS, deadline) as scene:
        for each in rounds:
            await scene.play(each)


async def run_on_a_small_disk(folder: Path, seed: int, tally: Tally) -> None:
    """On a platform of its own."""
    with small_disk(folder / "stores" / "postgres") as disk:
        if disk is None:
            say(f"{FULL}: skipped, this user may mount nothing")
            return
        async with open_scene(folder, tally, random.Random(seed), FEW) as scene:
            await scene.play(Round("disk", [disk.be_full], compared=True))


@contextmanager
def new_folder(keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tlc-faults-"))
    try:
        yield folder
    finally:
        if keep:
            say(f"kept: {folder}")
        else:
            rmtree(folder, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few of each of the quick kinds")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--scale", type=float, default=1.0, help="so much of a full run")
    parser.add_argument("--seeds", type=int, default=0, help="of the simulation, run afterwards")
    parser.add_argument("--only", default="", help="rounds, separated by commas")
    parser.add_argument("--keep", action="store_true", help="leave the data where they are")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
