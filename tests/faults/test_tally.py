"""Is a run judged by what it really did?"""

from tests.faults import report
from tests.faults.tally import FLUSH, KILL, Tally, quantile


def test_a_run_that_harmed_too_little_or_recovered_too_slowly_is_told() -> None:
    tally = Tally()
    tally.injected(FLUSH, 59)
    tally.injected(KILL, 300)
    for seconds in [1.0] * 94 + [9.0] * 6:
        tally.recovered(KILL, seconds, "http")

    assert tally.judge({FLUSH: 60, KILL: 300}) == [
        "Redis flushed: 59 of 60",
        "kill -9: 95 % within 9.0 s instead of 5 s",
    ]


def test_a_run_that_did_what_was_wanted_has_nothing_missing() -> None:
    tally = Tally()
    tally.injected(KILL, 300)
    for seconds in [1.0] * 95 + [9.0] * 5:
        tally.recovered(KILL, seconds, "http")

    assert tally.judge({KILL: 300}) == []
    assert "| kill -9 | 300 | 100 | 1.0 s | 1.0 s | 9.0 s | 5 s |" in report.markdown(tally, 1, 60.0)


def test_quantiles_are_by_nearest_rank() -> None:
    assert [quantile([3.0, 1.0, 2.0], share) for share in (0.5, 0.95)] == [2.0, 3.0]
    assert quantile([], 0.5) is None
