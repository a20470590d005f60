"""The platform under seeds: bounded here, without end in `make simulate`."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.simulation.plants import PLANTS, planted
from tests.simulation.shrinking import shortened, told
from tests.simulation.simulate import Outcome, simulate

SEEDS = int(os.environ.get("TELOCOMPRO_SEEDS", "100"))
BATCH = 20  # seeds of one test
TWICE = 50
CORPUS = Path(__file__).with_name("corpus.txt")
# Branches that are rare, and must be reached all the same.
SOMETIMES = (
    "conflict",
    "key replayed",
    "append replayed",
    "fenced write",
    "parked key released",
    "socket resumed on another node",
    "webhook before the answer",
    "unknown resolved by asking",
    "read answered Behind",
    "authenticated",
)
SEEDS_OF_A_PLANT = 60


def corpus() -> list[int]:
    lines = CORPUS.read_text("utf-8").splitlines()
    return [int(line.split()[0]) for line in lines if line.strip() and not line.startswith("#")]


@cache
def outcome_of(seed: int) -> Outcome:
    """Run once for all tests that look at it."""
    return simulate(seed)


@pytest.mark.parametrize("first", range(1, SEEDS + 1, BATCH))
def test_all_is_final_balanced_and_remembered(first: int) -> None:
    failed = [outcome for seed in range(first, first + BATCH) if (outcome := outcome_of(seed)).wrong]
    assert not failed, "\n" + "\n".join(told(outcome) for outcome in failed)


@pytest.mark.parametrize("seed", corpus())
def test_what_failed_once_holds(seed: int) -> None:
    outcome = simulate(seed)
    assert not outcome.wrong, told(outcome)


def test_every_rare_branch_is_reached() -> None:
    missing = set(SOMETIMES)
    for seed in range(1, 400):
        missing -= {name for name, count in outcome_of(seed).record.seen.items() if count}
        if not missing:
            break
    assert not missing


def test_the_same_seeds_leave_the_same_traces_whatever_hashes_are() -> None:
    program = (
        "from tests.simulation.simulate import simulate\n"
        f"print(*[simulate(seed).digest for seed in range(1, {TWICE + 1})])"
    )
    environment = os.environ | {"PYTHONHASHSEED": "4711"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, check=True)
    assert run.stdout.decode().split() == [outcome_of(seed).digest for seed in range(1, TWICE + 1)]


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_found(plant: str) -> None:
    with planted(plant):
        assert any(simulate(seed).wrong for seed in range(1, SEEDS_OF_A_PLANT + 1)), f"nobody finds {plant}"


def test_a_failing_seed_is_told_with_no_more_faults_than_it_takes() -> None:
    with planted("no_stored_answer"):
        outcome = shortened(simulate(4))
        assert outcome.wrong
        assert outcome.plan.faults == ()
        assert told(outcome).startswith("seed 4: no faults")
