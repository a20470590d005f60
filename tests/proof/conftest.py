"""What the proof of the checker asks for: one platform in which something was sold, for all of its tests."""

from collections.abc import Iterator

import pytest

from tests.proof.sold import Sold, sold


@pytest.fixture(scope="session", name="sold")
def a_platform_in_which_something_was_sold() -> Iterator[Sold]:
    with sold() as made:
        yield made
