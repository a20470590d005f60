"""The platform under seeds: the corpus and the planted bugs; fresh seeds are run by `make simulate`."""

from pathlib import Path

import pytest

from tests.simulation.__main__ import CORPUS, ENOUGH, SOMETIMES, Sum, Told, remember
from tests.simulation.measuring import measured
from tests.simulation.plants import PLANTS, planted
from tests.simulation.shrinking import shortened, told
from tests.simulation.simulate import simulate

FOUND_BY = Path(__file__).with_name("found_by.txt")
SEEDS_OF_A_PLANT = 300  # at most; at one in a hundred, nineteen times of twenty some seed finds it
PLANTED = 25


def numbers(path: Path) -> list[tuple[int, str]]:
    """A number a line, and what is said beside it."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    return [(int(line.split()[0]), line.partition(" ")[2]) for line in lines]


@pytest.mark.parametrize("seed", [seed for seed, _ in numbers(CORPUS)])
def test_what_failed_once_holds(seed: int) -> None:
    outcome = simulate(seed)
    assert not outcome.wrong, told(outcome)


def test_there_are_bugs_enough_to_be_found() -> None:
    assert len(PLANTS) >= PLANTED
    assert {name for _, name in numbers(FOUND_BY)} <= set(PLANTS)


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_found(plant: str) -> None:
    """First by the seed that has found it before; when the platform has changed since then, by another one."""
    likely = [seed for seed, name in numbers(FOUND_BY) if name == plant]
    with planted(plant):
        seeds = [*likely, *range(1, SEEDS_OF_A_PLANT + 1)]
        assert any(simulate(seed).wrong for seed in seeds), f"nobody finds {plant}"


def test_of_a_bug_that_few_seeds_have_found_yet_more_are_run() -> None:
    told = measured("no_stored_answer", often=1, seldom=2)
    assert (told.seeds, told.found, told.share) == (2, [1, 2], 1.0)


def test_a_failing_seed_is_told_with_no_more_faults_than_it_takes() -> None:
    with planted("no_stored_answer"):
        outcome = shortened(simulate(4))
        assert outcome.wrong
        assert outcome.plan.faults == ()
        assert told(outcome).startswith("seed 4: no faults")


def said(seed: int, digest: str = "same", failed: str = "", without: str = "") -> Told:
    seen = {name: 1 for name in SOMETIMES if name != without}
    return Told(seed, digest, failed, 0.1, seen, {})


@pytest.mark.parametrize("branch", SOMETIMES)
def test_a_rare_branch_that_a_long_run_never_reached_is_told(branch: str) -> None:
    total = Sum()
    for seed in range(ENOUGH - 1):
        total.add(said(seed, without=branch))
    assert total.never == []
    total.add(said(ENOUGH, without=branch))
    assert total.never == [branch]


def test_a_seed_that_leaves_another_trace_the_second_time_is_told() -> None:
    total = Sum()
    for each in (said(1), said(2), said(1), said(2, "another")):
        total.add(each)
    assert (total.compared, total.differing) == (2, [2])


def test_a_seed_that_failed_in_the_second_process_only_is_counted() -> None:
    total = Sum()
    for each in (said(1), said(1, failed="seed 1: no faults")):
        total.add(each)
    assert list(total.failed) == [1]


def test_a_seed_that_failed_joins_the_corpus_once(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("# seeds\n47 a hold\n", "utf-8")
    for _ in range(2):
        remember(corpus, {47: "seed 47: crash\n    a hold", 99: "seed 99: crash\n    a letter was not sent"})
    assert numbers(corpus) == [(47, "a hold"), (99, "a letter was not sent")]
