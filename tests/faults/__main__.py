"""python -m tests.faults [--short] [--seed N] [--scale X] [--only ROUND,…]: harm the platform, and say what came of it.

Exit code 1 where anything was violated, fewer faults were injected than wanted, or a recovery took too long.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import rmtree

import uvloop

from tests.faults import report
from tests.faults.ground import open_ground
from tests.faults.harm import Harm
from tests.faults.history import History
from tests.faults.probes import Probes
from tests.faults.rounds import Round, full, short
from tests.faults.seeds import simulated
from tests.faults.shoppers import Shop, Shopper
from tests.faults.tally import WANTED, Tally
from tests.faults.verdict import verdict
from tests.kit.client import open_http
from tests.kit.platform import ROOT
from tools.token import OPERATOR

SHOPPERS, VARIANTS, UNITS = 5, 6, 100_000
SHORT_WANTED = dict.fromkeys(WANTED, 1)


def main() -> int:
    asked = _arguments()
    say(f"seed {asked.seed}")
    rounds = short() if asked.short else full(asked.scale)
    if asked.only:
        rounds = [each for each in rounds if each.name in asked.only.split(",")]
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="tlc-faults-"))
    tally = Tally()
    try:
        uvloop.run(run(folder, rounds, asked.seed, tally, shoppers=3 if asked.short else SHOPPERS))
    finally:
        if not asked.keep:
            rmtree(folder, ignore_errors=True)
    wanted = {kind: round(least * asked.scale) for kind, least in WANTED.items()}
    if asked.seeds:
        uvloop.run(simulated(tally, asked.seeds))
    missing = [] if asked.only else tally.judge(SHORT_WANTED if asked.short else wanted)
    seconds = time.monotonic() - begun
    report.write(ROOT / "build", tally, missing, asked.seed, seconds)
    say(report.table(tally))
    for violation in tally.violations:
        say(f"VIOLATED {violation}")
    for line in missing:
        say(f"MISSING {line}")
    say(f"{len(tally.violations)} violations; {seconds:.0f} s, seed {asked.seed}; the whole in build/{report.JSON}")
    return 1 if tally.violations or missing else 0


async def run(folder: Path, rounds: Sequence[Round], seed: int, tally: Tally, shoppers: int) -> None:
    """Every round under load, each followed by its verdict where it wants one."""
    chance = random.Random(seed)
    begun = time.monotonic()
    async with open_ground(folder) as ground, open_http(12.0) as http:
        say(f"platform up after {time.monotonic() - begun:.0f} s")
        with History(folder / "history.jsonl") as history:
            shop = Shop(ground.door, http, history, ground.signing_key())
            await shop.stock(VARIANTS, UNITS)
            prober = await shop.customer("prober")
            prober.api.http, prober.api.url, prober.longest_pause = ground.http, ground.urls["rest"], 0.05
            harm = Harm(ground, shop, Probes(ground, shop, prober), tally, chance)
            crowd = [await shop.customer(f"shopper-{number}") for number in range(shoppers)]
            people = [
                Shopper(shop, each, shop.party(f"cashier-{number}", OPERATOR, "admin"), random.Random(chance.random()))
                for number, each in enumerate(crowd)
            ]
            for each in rounds:
                await _round(harm, each, people)


async def _round(harm: Harm, each: Round, people: Sequence[Shopper]) -> None:
    begun = time.monotonic()
    harm.shop.sign_in(harm.probes.party)
    harm.probes.carts.clear()
    async with _load(people if each.load else ()):
        for act in each.acts:
            try:
                await act(harm)
            except Exception as problem:  # a round that could not be finished is told, and the next one begins
                harm.tally.violated(f"{each.name}: {type(problem).__name__}: {problem}"[:2000])
                break
        await harm.ground.calm()
    acted = time.monotonic() - begun
    if each.checks:
        await verdict(harm, each.name)
    say(f"{each.name}: {acted:.0f} s, checked after {time.monotonic() - begun - acted:.0f} s")


@asynccontextmanager
async def _load(people: Sequence[Shopper]) -> AsyncIterator[None]:
    """They shop while the block runs; what they have begun they finish."""
    ended = asyncio.Event()
    shopping = [asyncio.create_task(each.run(ended)) for each in people]
    try:
        yield
    finally:
        ended.set()
        await asyncio.gather(*shopping)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


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
