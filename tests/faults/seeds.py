"""What does the simulation find in many seeds? Run beside the real processes' rounds, on both cores."""

import asyncio
import os
import re
import sys

from tests.faults.scene import say
from tests.faults.tally import Tally
from tests.kit.platform import ROOT

PARTS = 2  # processes
TOLD = re.compile(r"^(\d+) seeds, (\d+) failed", re.MULTILINE)


async def simulated(tally: Tally, seeds: int) -> None:
    """So many seeds, from the first on; each that fails is a violation."""
    each = -(-seeds // PARTS)
    outcomes = await asyncio.gather(*(_part(each, 1 + number * each) for number in range(PARTS)))
    done = failed = 0
    for code, said in outcomes:
        told = TOLD.search(said)
        if told is None or (code != 0 and told[2] == "0"):
            tally.violated(f"simulation ended with {code}: {said[-2000:]}")
            continue
        done, failed = done + int(told[1]), failed + int(told[2])
        if told[2] != "0":
            tally.violated(f"simulation: {said[-4000:]}")
            say(said[-4000:])
    tally.facts["simulation"] = {"seeds": done, "failed": failed}


async def _part(seeds: int, first: int) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.simulation", str(seeds), str(first)),
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode(errors="replace")
