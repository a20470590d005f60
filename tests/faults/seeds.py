"""What does the simulation find in many seeds? Run after the real processes' rounds; it takes both cores itself."""

import asyncio
import re
import sys

from tests.faults.scene import say
from tests.faults.tally import Tally
from tests.kit.platform import ROOT

TOLD = re.compile(r"^(\d+) seeds, (\d+) failed", re.MULTILINE)


async def simulated(tally: Tally, seeds: int) -> None:
    """So many seeds, from the first on; each that fails is a violation."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.simulation", str(seeds)),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    said = output.decode(errors="replace")
    told = TOLD.search(said)
    if told is None or (process.returncode != 0 and told[2] == "0"):
        tally.violated(f"simulation ended with {process.returncode}: {said[-2000:]}")
        return
    tally.facts["simulation"] = {"seeds": int(told[1]), "failed": int(told[2])}
    if told[2] != "0":
        tally.violated(f"simulation: {said[-4000:]}")
        say(said[-4000:])
