"""Does the bench say what it measured, and do its limits run at all?"""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
import typer

from infra.ports import Stored
from tests.kit.stack import Stores
from tools.bench import pgbench
from tools.bench.__main__ import wanted_keys
from tools.bench.figures import Figure, Limit, quantile
from tools.bench.groups import APPEND, KEYS
from tools.bench.histogram import Histogram
from tools.bench.load import load_of

_ROW = Stored(
    7,
    "cart-a",
    1,
    "cart.created",
    1,
    UUID(int=1),
    UUID(int=2),
    datetime(2026, 3, 2, 14, 30, 0, 123456, tzinfo=UTC),
    datetime(2026, 3, 2, tzinfo=UTC),
    b'{"a":"\x00:b"}',
    b"\xff",
    bytes(32),
)


def test_the_median_counts_against_the_better_limit() -> None:
    limit = Limit([800.0, 1000.0])
    figure = Figure("append_1", "/s", [500.0, 400.0, 900.0], limit, 0.45)

    assert (figure.value, limit.best, figure.ratio, figure.passes) == (500.0, 1000.0, 0.5, True)
    assert figure.as_json() == {
        "value": 500.0,
        "unit": "/s",
        "limit": 1000.0,
        "ratio": 0.5,
        "target": 0.45,
        "pass": True,
        "samples": [500.0, 400.0, 900.0],
        "limit_samples": [800.0, 1000.0],
    }


def test_of_times_the_shorter_limit_counts_and_the_ratio_must_stay_below() -> None:
    slow = Figure("append_latency", "ms", [4.0], Limit([1.0, 2.0], lower_is_better=True), 3.0)

    assert (slow.ratio, slow.passes) == (4.0, False)
    assert slow.as_line().startswith("MISS append_latency")


def test_a_figure_below_its_target_is_missed_and_an_uneven_limit_is_told() -> None:
    missed = Figure("append_64", "/s", [100.0], Limit([500.0, 1000.0]), 0.65, {"p99_ms": 3.0})

    assert not missed.passes
    assert "MISS" in missed.as_line()
    assert "limit spread 50%" in missed.as_line()
    assert "p99_ms 3.00" in missed.as_line()


def test_without_a_limit_the_value_itself_must_stay_at_or_below_its_target() -> None:
    slow = Figure("visible", "ms", [30.0], None, 25.0)
    fast = Figure("visible", "ms", [25.0], None, 25.0)

    assert (slow.passes, fast.passes, slow.ratio) == (False, True, None)
    assert slow.as_line().startswith("MISS visible")


def test_a_figure_that_is_fast_enough_is_missed_when_a_bound_beside_it_is_passed() -> None:
    big = Figure("rebuild", "/s", [900.0], Limit([1000.0]), 0.30, {"peak_mib": 401.0}, {"peak_mib": 400.0})

    assert not big.passes
    assert big.as_json()["peak_mib_at_most"] == 400.0


def test_only_known_figures_can_be_asked_for_and_quick_means_the_append() -> None:
    assert wanted_keys("hot_sku, import", quick=True) == {"hot_sku", "import"}
    assert wanted_keys("", quick=True) == set(APPEND)
    assert wanted_keys("", quick=False) == set(KEYS)
    with pytest.raises(typer.BadParameter, match="no figure append_2"):
        wanted_keys("append_2", quick=False)


def test_a_histogram_knows_its_quantiles_to_one_percent_and_adds_up() -> None:
    first, second = Histogram(), Histogram()
    for number in range(1, 101):
        (first if number % 2 else second).record(float(number))
    first.add(second)

    assert first.count == 100
    assert first.most == 100.0
    assert first.quantile(0.5) == pytest.approx(50.0, rel=0.02)
    assert first.quantile(0.99) == pytest.approx(99.0, rel=0.02)
    assert Histogram().quantile(0.99) == 0.0


def test_a_quantile_is_one_of_the_samples() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([1.0], 0.99) == 1.0


@pytest.mark.integration
def test_the_limits_store_the_very_bytes_of_our_rows(stores: Stores) -> None:
    pgbench.prepare(stores.postgres_url)

    single = pgbench.run(stores.postgres_url, pgbench.one_row(_ROW), 2, 1)
    several = pgbench.run(stores.postgres_url, pgbench.one_command([_ROW, _ROW], b'{"id":1}'), 2, 1)

    assert single.rate > 0
    assert several.p99 > 0
    with psycopg.connect(stores.postgres_url) as connection:
        stored = connection.execute(
            "select distinct stream, version, event_id, recorded_at, metadata, payload, digest from bench.rows"
        ).fetchall()
        answers = connection.execute("select distinct answer from bench.answers").fetchall()
    assert stored == [("cart-a", 1, UUID(int=1), _ROW.recorded_at, _ROW.metadata, _ROW.payload, _ROW.digest)]
    assert answers == [(b'{"id":1}',)]


@pytest.mark.integration
async def test_a_load_counts_its_commands_and_the_commits_of_the_database(stores: Stores) -> None:
    async with await psycopg.AsyncConnection.connect(stores.postgres_url, autocommit=True) as connection:
        turn = asyncio.Lock()

        async def send(_: int) -> None:
            async with turn:
                await connection.execute("select 1")

        told = await load_of(stores.postgres_url, send, callers=4, commands=200)

    assert told.rate > 0
    assert told.p99 >= told.p50
    assert 95 <= told.commits <= 120
