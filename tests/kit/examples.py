"""How many examples a property is tried on, and whether they are the same every time.

The suite tries the same ones, so that a red run is red again; `make explore` tries more, and others each time.
"""

import os
from datetime import timedelta

from hypothesis import settings

FACTOR = int(os.environ.get("TELOCOMPRO_EXAMPLES", "1"))
USUAL = 100


def examples(usual: int) -> int:
    """As many as usual in the suite, times as many as were asked for elsewhere."""
    return usual * FACTOR


def choose_examples() -> None:
    is_suite = FACTOR == 1
    deadline = timedelta(seconds=2) if is_suite else None
    settings.register_profile("ours", max_examples=examples(USUAL), derandomize=is_suite, deadline=deadline)
    settings.load_profile("ours")
