"""python -m tests.simulation SEEDS [FIRST]: run so many seeds in two processes and say what was found.

TELOCOMPRO_PLANT=name runs them with a planted bug; TELOCOMPRO_SECONDS=n stops after so many seconds of the clock;
TELOCOMPRO_TWICE=n runs the first n seeds twice, in processes with different hash seeds, and compares their traces.
Red: a seed that failed (it joins the corpus), traces that differ, or a rare branch that 100 seeds or more never
reached.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import msgspec

from tests.simulation.plants import planted
from tests.simulation.shrinking import told
from tests.simulation.simulate import simulate

CORPUS = Path(__file__).with_name("corpus.txt")
PROCESSES = 2
ENOUGH = 100  # seeds after which every rare branch must have been reached
SOMETIMES = (
    "append replayed",
    "authenticated",
    "conflict",
    "conflict decided again",
    "crash in the calm hour",
    "fenced write",
    "key replayed",
    "parked key released",
    "read answered Behind",
    "socket resumed on another node",
    "unknown resolved by asking",
    "webhook before the answer",
)


class Told(msgspec.Struct, frozen=True):
    """What one process says of one seed, as a line."""

    seed: int
    digest: str
    failed: str  # for people; nothing: it holds
    spent: float  # CPU seconds
    seen: dict[str, int]
    injected: dict[str, int]


@dataclass(slots=True)
class Sum:
    """Of all seeds."""

    digests: dict[int, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    injected: Counter[str] = field(default_factory=Counter)
    failed: dict[int, str] = field(default_factory=dict)  # by seed: what is told
    runs: int = 0
    compared: int = 0
    differing: list[int] = field(default_factory=list)
    spent: float = 0.0

    def add(self, each: Told) -> None:
        self.runs += 1
        self.spent += each.spent
        if each.failed:
            self.failed[each.seed] = each.failed
            _say(each.failed)
        if each.seed in self.digests:
            self.compared += 1
            if self.digests[each.seed] != each.digest:
                self.differing.append(each.seed)
            return
        self.digests[each.seed] = each.digest
        self.seen += Counter(each.seen)
        self.injected += Counter(each.injected)

    @property
    def never(self) -> list[str]:
        """Rare branches that were not reached though there was time."""
        return [name for name in SOMETIMES if not self.seen[name]] if len(self.digests) >= ENOUGH else []


def main(seeds: int, first: int = 1) -> int:
    began = time.monotonic()
    twice = min(seeds, int(os.environ.get("TELOCOMPRO_TWICE", "0")))
    workers = [_started(first, seeds, twice, number) for number in range(PROCESSES)]
    total = Sum()
    lines: SimpleQueue[bytes | None] = SimpleQueue()
    readers = [Thread(target=_read, args=(each, lines)) for each in workers]
    for reader in readers:
        reader.start()
    for _ in workers:
        while (line := lines.get()) is not None:
            total.add(msgspec.json.decode(line, type=Told))
    died = [worker.args for worker in workers if worker.wait() != 0]
    speed = total.runs / total.spent if total.spent else 0.0
    _say(
        f"{len(total.digests)} seeds, {len(total.failed)} failed, {total.compared} of them twice in two processes, "
        f"{len(total.differing)} with another trace; {speed:.1f} seeds per CPU second, "
        f"{time.monotonic() - began:.0f} s"
    )
    _say("injected " + _counted(total.injected))
    _say("seen " + _counted(total.seen))
    for problem, found in (("other traces", total.differing), ("never reached", total.never), ("died", died)):
        if found:
            _say(f"{problem}: {found}")
    if not os.environ.get("TELOCOMPRO_PLANT"):
        remember(CORPUS, total.failed)
    return 1 if total.failed or total.differing or total.never or died or not total.runs else 0


def remember(corpus: Path, failed: Mapping[int, str]) -> None:
    """A seed that has failed is run by the tests for ever: it joins the corpus, with what was wrong."""
    known = {line.split()[0] for line in corpus.read_text("utf-8").splitlines() if line.strip()}
    with corpus.open("a", encoding="utf-8") as lines:
        for seed, said in sorted(failed.items()):
            if str(seed) not in known:
                lines.write(f"{seed} {said.splitlines()[-1].strip()}\n")


def worker(first: int, seeds: int, twice: int, number: int) -> None:
    """Every second seed; those that run twice are run by both."""
    until = time.monotonic() + float(os.environ.get("TELOCOMPRO_SECONDS", "inf"))
    with planted(os.environ.get("TELOCOMPRO_PLANT")):
        for place in range(seeds):
            if place >= twice and place % PROCESSES != number:
                continue
            if time.monotonic() > until:
                return
            began = time.process_time()
            outcome = simulate(first + place)
            spent = time.process_time() - began
            is_mine = place >= twice or number == 0
            failed = told(outcome) if outcome.wrong and is_mine else ""
            record = outcome.record
            said = Told(first + place, outcome.digest, failed, spent, dict(record.seen), dict(record.injected))
            sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
            sys.stdout.buffer.flush()


def _started(first: int, seeds: int, twice: int, number: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.simulation", *map(str, (seeds, first, twice, number))]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONHASHSEED": str(4711 * number)})


def _read(worker: "subprocess.Popen[bytes]", lines: "SimpleQueue[bytes | None]") -> None:
    """Its lines as they come, and None at their end."""
    assert worker.stdout is not None, "it is a pipe"
    for line in worker.stdout:
        lines.put(line)
    lines.put(None)


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) == 5:
        seeds, first, twice, number = map(int, sys.argv[1:])
        worker(first, seeds, twice, number)
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
