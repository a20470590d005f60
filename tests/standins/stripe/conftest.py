"""One running stand-in for this folder, emptied before each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.standins.serving import serving
from tests.standins.stripe.calling import Caller
from tools.standins.stripe.app import build


@pytest.fixture(scope="module")
def stand_in() -> Iterator[str]:
    with serving(build(None, None)) as url:
        yield url


@pytest.fixture
async def stripe(stand_in: str) -> AsyncIterator[Caller]:
    caller = Caller(stand_in)
    await caller.control("POST", "/reset")
    yield caller
    await caller.http.aclose()
