"""Do real orders come in whole, once, and say in the read models what the files say?"""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.embedded import run_json, secret_file
from infra.settings import Settings, settings_of
from tests.kit.builders.olist import BOUGHT, ITEMS, ORDERS, PAYMENTS, olist_files
from tests.kit.stack import Stores
from tools import reconcile_olist as files
from tools.import_olist import run
from tools.olist_records import Bad, Record, known, minor, moment, records
from write_model.order.commands import AdoptOrder


def read(folder: Path) -> list[Record | Bad]:
    return list(records(folder, known(folder)))


def test_every_row_is_one_command_under_a_name_of_its_own(tmp_path: Path) -> None:
    found = read(olist_files(tmp_path))
    assert [type(each) for each in found] == [Record] * 14
    assert len({each.key for each in found if isinstance(each, Record)}) == 14
    assert found == read(tmp_path)


def test_a_local_time_is_the_moment_that_it_was_in_sao_paulo(tmp_path: Path) -> None:
    assert moment(BOUGHT).astimezone(UTC) == datetime(2017, 11, 25, 1, 30, tzinfo=UTC)
    order = next(each for each in read(olist_files(tmp_path)) if isinstance(each, Record) and each.file == "orders")
    assert isinstance(order.command, AdoptOrder)
    assert (order.command.purchased_at, order.effective_at) == (BOUGHT, moment(BOUGHT))


@pytest.mark.parametrize(("written", "found"), [("10.05", 1005), ("99.9", 9990), ("7", 700), ("0.0", 0)])
def test_amounts_are_whole_centavos_on_both_sides(written: str, found: int) -> None:
    assert minor(written) == files.cents(written) == found


@pytest.mark.parametrize("price", ["9.999", "-1.00", "ten", "1e3"])
def test_a_row_that_can_not_be_said_is_named_with_its_line(tmp_path: Path, price: str) -> None:
    folder = olist_files(tmp_path, order_items=[ITEMS[0], {**ITEMS[1], "price": price}])
    assert [(each.file, each.line) for each in read(folder) if isinstance(each, Bad)] == [("order_items", 3)]


def test_the_files_are_summed_up_with_months_of_the_wall(tmp_path: Path) -> None:
    found = files.summary(files.read_facts(olist_files(tmp_path)), files.count_people(tmp_path))
    assert found["orders"] == {
        "total": 3,
        "by_status": {"canceled": 1, "delivered": 1, "unavailable": 1},
        "by_month": {"2017-11": 3},
    }
    assert found["items"] == {"count": 2, "price_minor": 10995, "freight_minor": 1740}
    assert found["reviews"] == {"count": 2, "score_sum": 6}
    assert found["customers"] == {"people": 2}


def test_what_differs_is_told_order_by_order(tmp_path: Path) -> None:
    facts = files.read_facts(olist_files(tmp_path))
    others = files.read_facts(olist_files(tmp_path, order_payments=[PAYMENTS[0], PAYMENTS[2]], orders=ORDERS[:2]))
    told = files.differences(facts, others)
    assert any(line.startswith("order o1: payments is") for line in told)
    assert any(line.startswith("order o3: status is") for line in told)
    assert files.differences(facts, facts) == []


@pytest.mark.integration
async def test_orders_come_in_once_and_the_read_models_agree_with_the_files(
    settings_of_stores: Settings, tmp_path: Path
) -> None:
    folder = olist_files(tmp_path)
    said: list[str] = []

    first = await run(folder, settings_of_stores, lambda done: None, said.append)
    second = await run(folder, settings_of_stores, lambda done: None, said.append)

    assert (first["differences"], first["unrepresented"], first["appended"]) == ([], [], 14)
    assert (second["differences"], second["appended"], second["position"]) == ([], 0, first["position"])
    assert first["payments"]["by_type"]["voucher"] == {"count": 1, "amount_minor": 733}

    changed = olist_files(tmp_path, order_items=[{**ITEMS[0], "price": "10.06"}, ITEMS[1]])
    third = await run(changed, settings_of_stores, lambda done: None, said.append)
    assert len(third["unrepresented"]) == 1
    assert any("o1" in line for line in third["differences"])


@pytest.fixture
def settings_of_stores(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """As of a run on these stores, with development secrets of its own."""
    data = tmp_path_factory.mktemp("run")
    secret_file.read_or_make(data)
    urls = {
        "postgres": stores.postgres_url,
        "keys": stores.keys_url,
        "redis": stores.redis_url,
        "mongo": stores.mongo_url,
    }
    return settings_of(run_json.RunJson(pid=os.getpid(), data=str(data), urls=urls), data)
