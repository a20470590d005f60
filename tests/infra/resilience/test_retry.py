"""How long is waited before it is tried again?"""

import pytest

from infra.resilience.retry import next_attempt


@pytest.mark.parametrize(("n", "low", "high"), [(1, 1, 1.25), (2, 2, 2.5), (3, 4, 5), (4, 5, 5), (9999, 5, 5)])
def test_waits_double_up_to_five_seconds(n: int, low: float, high: float) -> None:
    for seed in range(200):
        assert low <= next_attempt(n, str(seed)) <= high


def test_the_seed_decides() -> None:
    assert next_attempt(1, "effect-1") == next_attempt(1, "effect-1")
    assert len({next_attempt(1, str(seed)) for seed in range(100)}) == 100


def test_retries_are_counted_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        next_attempt(0, "effect-1")
