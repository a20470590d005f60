"""For how long is it waited until everything is final?"""

from tests.faults.verdict import FINAL_SECONDS, LONGEST, Backlog


def test_what_does_not_get_less_is_stuck_after_two_minutes() -> None:
    backlog = Backlog(0.0)
    assert backlog.may_wait(7, 1.0)
    assert backlog.may_wait(7, FINAL_SECONDS)
    assert not backlog.may_wait(7, FINAL_SECONDS + 1.0)


def test_what_grows_and_falls_and_never_gets_less_than_before_is_stuck_too() -> None:
    backlog = Backlog(0.0)
    told = [backlog.may_wait(7 + number % 2, float(number)) for number in range(round(FINAL_SECONDS) + 1)]
    assert told.count(False) == 1


def test_a_backlog_that_gets_less_may_take_longer_and_not_for_ever() -> None:
    backlog, now, left = Backlog(0.0), 0.0, 1000
    while backlog.may_wait(left, now):
        now, left = now + FINAL_SECONDS / 2, left - 1
    assert LONGEST <= now < LONGEST + FINAL_SECONDS


def test_nobody_who_could_say_is_no_progress() -> None:
    backlog = Backlog(0.0)
    assert backlog.may_wait(None, 1.0)
    assert not backlog.may_wait(None, FINAL_SECONDS)
