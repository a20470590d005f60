"""Every program is killed at each of its named points, once: nothing may be lost, half done or done twice."""

import sys

import pytest

from tests.simulation.plants import planted
from tests.simulation.points import CALLS, killed_at, points, settings, stage
from tests.simulation.shrinking import TOLD

MANY = 60  # points around commits, calls and acknowledgements; there are more


def test_there_are_many_points_and_each_has_its_own_name() -> None:
    names = list(points())
    assert len(names) == len(set(names))
    assert len(names) >= MANY


@pytest.mark.parametrize("kind", CALLS)
def test_a_stage_holds_without_a_kill(kind: str) -> None:
    assert not stage(next(settings(kind))).wrong


@pytest.mark.parametrize("kind", CALLS)
def test_a_kill_at_any_point_leaves_nothing_lost_half_done_or_done_twice(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = [name for name in points() if name[0] == kind]
    outcomes = {" ".join(name).strip(): killed_at(name) for name in mine}
    never = [name for name, outcome in outcomes.items() if outcome is None]
    assert not never, f"never reached: {never}"
    wrong = {name: outcome.wrong[:TOLD] for name, outcome in outcomes.items() if outcome and outcome.wrong}
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong.items())
    with capsys.disabled():
        sys.stderr.write(f"\npause points of {kind}: {len(mine)}, killed at each, all held\n")


def test_a_point_that_nobody_comes_to_is_told() -> None:
    assert killed_at(("workers", "work.forget", "")) is None


def test_a_bug_that_only_a_kill_shows_is_found() -> None:
    stage.cache_clear()
    try:
        with planted("closed_before_it_is_done"):
            outcome = killed_at(("workers", "mail.send", ""))
    finally:
        stage.cache_clear()
    assert outcome is not None
    assert outcome.wrong
