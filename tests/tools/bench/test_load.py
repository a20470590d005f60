"""Does the load driver count what waits, and does it buy for real?"""

import asyncio
import random
from pathlib import Path
from typing import Any, cast

import pytest
import typer

from infra.embedded import run_json
from tools.bench.shop import open_shop
from tools.bench.shopper import Bought, Refused, Shopper
from tools.load import PURCHASES, Load, drive, read_mix


class _Slow:
    """Each purchase takes its time; some are refused."""

    def __init__(self, seconds: float, refused: bool = False) -> None:
        self.seconds, self.refused = seconds, refused

    async def buy(self) -> Bought:
        await asyncio.sleep(self.seconds)
        if self.refused:
            raise Refused("cart.empty")
        return Bought("1", "CONFIRMED", self.seconds * 1000)


def _load(*shoppers: _Slow) -> Load:
    return Load(cast(list[Shopper], list(shoppers)), PURCHASES, random.Random(1))


async def test_at_a_rate_the_time_counts_from_when_a_purchase_was_due() -> None:
    done = await _load(_Slow(0.05)).open(seconds=0.2, rate=50)

    assert done.finished["buy"] == 10
    whole: Any = done.as_json()["whole"]["buy"]
    assert whole["p50_ms"] > 120  # one shopper, 20 ms apart, 50 ms each: the queue grows and is counted
    assert done.last_calls.most < 120


async def test_in_a_closed_loop_each_begins_when_the_last_has_ended() -> None:
    done = await _load(_Slow(0.02), _Slow(0.02)).closed(seconds=0.1)

    assert 6 <= done.finished["buy"] <= 12
    assert done.confirmed
    assert done.last_calls.most == pytest.approx(20.0)


async def test_a_refusal_is_a_failure_and_no_purchase() -> None:
    done = await _load(_Slow(0.01, refused=True)).closed(seconds=0.03)

    assert done.finished["buy"] == 0
    assert set(done.failures) == {"cart.empty"}


@pytest.mark.parametrize("text", ["[]", '{"steal": 1}', '{"buy": "1"}', '{"buy": -1}', '{"buy": 0}', "{", "{}"])
def test_a_mix_that_nobody_can_follow_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mix.json"
    file.write_text(text)

    with pytest.raises(typer.BadParameter):
        read_mix(file)


def test_a_mix_names_what_shoppers_do(tmp_path: Path) -> None:
    file = tmp_path / "mix.json"
    file.write_text('{"buy": 1, "browse": 5}')

    assert read_mix(file) == {"buy": 1, "browse": 5}
    assert read_mix(None) == PURCHASES


@pytest.mark.integration
@pytest.mark.timeout(200)
def test_shoppers_buy_and_browse_through_the_public_api_of_a_platform_that_ends_with_its_block() -> None:
    with open_shop(customers=3) as shop:
        run, family, tokens = shop.run, shop.family, shop.tokens(shop.customers)
        done = asyncio.run(drive(run.urls["rest"], tokens, 3.0, mix={"buy": 2, "browse": 1, "abandon": 1}))
        assert set(family.values()) == {*run.pids, "runner"}

    assert not done.failures
    assert done.confirmed
    assert sum(done.statuses.values()) == done.finished["buy"] == done.last_calls.count > 0
    assert shop.ready_seconds > 0
    assert run_json.read(run_json.path(shop.data)) is None
    assert not shop.data.exists()
