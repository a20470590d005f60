"""What operators do with read models: verify, rebuild, look at a stream, look back."""

import asyncio
import base64
import functools
import json
from pathlib import Path

import pytest
import typer
from psycopg import AsyncConnection

from infra.clock import SystemClock
from infra.event_log.appender import GroupAppender
from infra.event_log.reader import PostgresLogReader
from infra.ports import ProcessRow
from infra.postgres.keys import PostgresKeys
from infra.postgres.pool import open_pool
from infra.postgres.work_store import PostgresLeases, PostgresWorkStore
from infra.settings import Settings, read_settings
from projections.main import ALL, NAMES, build
from projections.running.feed import Feed
from projections.running.rebuild import Rebuild
from tests.kit.builders.ids import ORDER_ID, PRODUCT_ID
from tests.kit.builders.story import a_story
from tests.kit.given_view import ALog
from tests.kit.stack import Stores
from tools import as_of, parked, rebuild, stream, verify

pytestmark = pytest.mark.integration

KEK = b"k" * 32


@pytest.fixture
async def shop(stores: Stores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """A log with the story in it, and read models that hold it."""
    for name, value in {
        "TELOCOMPRO_POSTGRES_URL": stores.postgres_url,
        "KEYS_DATABASE_URL": stores.keys_url,
        "TELOCOMPRO_REDIS_URL": stores.redis_url,
        "TELOCOMPRO_MONGO_URL": stores.mongo_url,
        "TELOCOMPRO_KEK": base64.b64encode(KEK).decode(),
        "TELOCOMPRO_DATA": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    async with (
        open_pool(stores.postgres_url, 2) as pool,
        open_pool(stores.keys_url, 1) as keys,
        PostgresLogReader(pool) as reader,
        GroupAppender(stores.postgres_url) as appender,
    ):
        log = ALog(appender, reader, PostgresKeys(keys, KEK))
        for event in a_story():
            await log.append(event)
    async with build(settings) as opened:
        feed = Feed(opened.reader, opened.decode, NAMES, SystemClock())
        for projection in ALL:
            for store in projection.source.stores:
                await Rebuild(projection, opened.stores[store], feed, fence=1).run()
    return settings


async def test_a_whole_log_and_true_views_verify(shop: Settings) -> None:
    chain = await verify.log(shop)
    assert (chain["ok"], chain["events"]) == (True, len(a_story()))
    report = await verify.views(shop, lambda _: None)
    assert report["ok"], json.dumps(report)
    assert set(report["views"]) == {projection.name for projection in ALL}
    assert all(
        line["documents"] for stores in report["views"].values() for name, line in stores.items() if name != "redis"
    )


async def test_a_corruption_in_a_view_fails_and_names_document_and_field(shop: Settings) -> None:
    async with await AsyncConnection.connect(shop.stores.postgres_url, autocommit=True) as connection:
        await connection.execute("update read.products_v1 set price_minor = 1")
    report = await verify.views(shop, lambda _: None)
    [difference] = report["views"]["product_page"]["sql"]["first"]
    assert (report["ok"], difference) == (False, {"key": str(PRODUCT_ID), "what": "column price_minor"})


async def test_nothing_compared_is_a_failure(stores: Stores, monkeypatch: pytest.MonkeyPatch, shop: Settings) -> None:
    monkeypatch.setattr(verify, "ALL", ())
    report = await verify.views(shop, lambda _: None)
    assert (report["ok"], report["documents"]) == (False, 0)


async def test_a_changed_event_fails_and_its_position_is_named(shop: Settings) -> None:
    async with await AsyncConnection.connect(shop.stores.postgres_url, autocommit=True) as connection:
        await connection.execute("update log.events set payload = payload || '\\x20'::bytea where position = 5")
    chain = await verify.log(shop)
    assert (chain["ok"], chain["finding"]["position"]) == (False, 5)


async def test_a_stream_is_shown_without_personal_data(shop: Settings) -> None:
    events = await stream.read(shop, f"order-{ORDER_ID}", 0)
    assert [event["type"] for event in events] == [
        "order.placed",
        "order.payment_authorized",
        "order.confirmed",
        "order.payment_captured",
    ]
    assert events[0]["data"]["contact_email"] == stream.SEALED
    assert "ada@example.com" not in json.dumps(events)


async def test_an_order_is_shown_as_it_stood_without_personal_data(shop: Settings) -> None:
    events = await stream.read(shop, f"order-{ORDER_ID}", 0)
    placed = await as_of.read(shop, ORDER_ID, events[0]["position"])
    confirmed = await as_of.read(shop, ORDER_ID, as_of.moment(events[-1]["recordedAt"]))
    assert placed is not None
    assert confirmed is not None
    assert (placed.document.status, confirmed.document.payment_status) == ("PLACED", "PAID")
    assert (placed.document.contact_email, placed.document.address) == (None, None)
    assert await as_of.read(shop, ORDER_ID, 1) is None


def test_an_unknown_read_model_and_a_bad_time_are_refused() -> None:
    with pytest.raises(typer.BadParameter):
        rebuild.named("nonsense")
    with pytest.raises(typer.BadParameter):
        as_of.moment("yesterday")
    assert rebuild.named("orders") is rebuild.named("order_tracking") is rebuild.named("orders_v1")


async def test_a_rebuild_is_told_in_words_and_to_machines_and_refused_by_code(
    shop: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async def command(**options: bool) -> None:
        wanted = {"compare_only": False, "back": False, "drop": False, "as_json": True, **options}
        await asyncio.to_thread(functools.partial(rebuild.command, "payment_ledger", **wanted))

    with pytest.raises(typer.Exit) as refused:
        await command(back=True)
    assert refused.value.exit_code == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "view.no_previous"

    async with await AsyncConnection.connect(shop.stores.postgres_url, autocommit=True) as connection:
        await connection.execute("update read.payments_v1 set captured_minor = 1")
    await command(compare_only=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["live"], told["building"], told["compared"]["sql"]["differing"]) == (0, 1, 1)
    await command(as_json=False)
    said = capsys.readouterr().out
    assert "payment_ledger in sql: 1 documents compared, 1 differ" in said
    assert "column captured_minor" in said
    assert "generation 1 is live, kept: previous 0" in said

    report = await verify.views(shop, lambda _: None)
    assert (report["ok"], report["views"]["payment_ledger"]["sql"]["generation"]) == (True, 1)
    async with await AsyncConnection.connect(shop.stores.postgres_url, autocommit=True) as connection:
        found = await (await connection.execute("select captured_minor <> 1 from read.payments")).fetchall()
    assert found == [(True,)]


async def test_parked_keys_are_told_with_what_was_said_and_a_process_goes_on_when_it_is_let(
    shop: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async def command(go_on: str | None = None, *, as_json: bool = True) -> None:
        await asyncio.to_thread(functools.partial(parked.command, go_on, as_json=as_json))

    await command()
    assert json.loads(capsys.readouterr().out) == {"processes": [], "mongo": [], "sql": []}
    async with open_pool(shop.stores.postgres_url, 1) as pool, build(shop) as opened:
        fence = await PostgresLeases(pool).take("collect_payment", "a test", 60.0)
        assert fence is not None
        work = PostgresWorkStore(pool)
        stuck = ProcessRow("order-1", 1, b"{}", last_error="Unforeseen: a state", parked_at=4)
        await work.save("collect_payment", fence, 9, [stuck], [], [])
        await opened.stores["mongo"].park("orders_v1", str(ORDER_ID), 7, "ValueError")

    with pytest.raises(typer.Exit) as found:
        await command()
    assert found.value.exit_code == 1
    told = json.loads(capsys.readouterr().out)
    line = {"name": "collect_payment", "key": "order-1", "position": 4, "error": "Unforeseen: a state"}
    assert told["processes"] == [line]
    assert told["mongo"] == [{"name": "orders_v1", "key": str(ORDER_ID), "position": 7, "error": "ValueError"}]

    with pytest.raises(typer.Exit):
        await command(as_json=False)
    said = capsys.readouterr().out
    assert "collect_payment:order-1  Unforeseen: a state" in said
    assert "--release PROCESS:KEY" in said

    await command("collect_payment:order-1")
    assert json.loads(capsys.readouterr().out)["released"] == line
    with pytest.raises(typer.Exit) as refused:
        await command("collect_payment:order-1")
    assert refused.value.exit_code == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "process.not_parked"
    with pytest.raises(typer.BadParameter):
        await command("orders_v1:1")
