"""What do callers hear for some seconds of five times the load, and does the platform come back?"""

import asyncio
from uuid import UUID

import pytest

from tests.faults.overload import Crowd, lists, shown
from tests.journeys.conftest import lonely_shop, platform
from tests.kit.client import eventually
from tests.kit.shop import Shop

__all__ = ["lonely_shop", "platform"]

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

SECONDS = 4.0
SHARE = 0.5  # of what was possible: other tests share the machine, and theirs is another load by then


async def test_callers_are_served_or_told_when_to_come_back_and_the_platform_comes_back(lonely_shop: Shop) -> None:
    shop = lonely_shop
    crowd = Crowd(shop.urls["rest"], lists(), 200, shop.platform.run.pids["http"])

    running = asyncio.create_task(crowd.run(SECONDS, calibration=2.0))
    alive: list[int] = []

    async def answers() -> bool | None:
        health = await shop.http.get(f"{shop.urls['rest']}/health/live")
        alive.append(health.status_code)
        return True if running.done() else None

    await eventually(answers, seconds=90.0, pause=0.25)
    told = await running

    # With the few goods of a test an answer may be cheaper than to ask for it: then nobody has to be refused.
    assert told.broken(SHARE, refusing=False) == [], shown(told)
    assert told.good > 0
    assert set(alive) == {200}  # also in the midst of it
    bought = await shop.buy(await shop.variant(), wait=5)
    assert UUID(bought.id)
