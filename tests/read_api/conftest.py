"""What tests of the read side may ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.read_api.world import World, open_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened
