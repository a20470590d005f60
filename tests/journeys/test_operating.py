"""What does an operator find out, and put right, with the commands at hand?"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import typer
from psycopg import sql

from infra.embedded.postgres import named
from infra.postgres.migrate import migrate
from tests.kit.platform import Platform
from tests.kit.shop import Shop
from tools import verify

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

TABLES = ("log_head", "stream_heads", "events", "links", "answers")
AWAY = 4_999_999  # a position that nothing has
DAMAGES: dict[str, tuple[str, ...]] = {
    "flipped": (
        "update log.events set payload = set_byte(payload, 3, get_byte(payload, 3) # 1) where position = {middle}",
    ),
    "deleted": ("delete from log.events where position = {middle}",),
    "swapped": (
        "update log.events set position = {away} where position = {middle}",
        "update log.events set position = {middle} where position = {middle} + 1",
        "update log.events set position = {middle} + 1 where position = {away}",
    ),
    "truncated": ("delete from log.events where position >= {middle}",),
    "inserted": (
        "update log.events set position = position + 100000 where position >= {middle}",
        "update log.events set position = position - 99999 where position >= {middle} + 100000",
        "insert into log.events select {middle}, stream, version, type, schema, event_id, command_id, recorded_at,"
        " effective_at, metadata, payload, digest from log.events where position = {middle} - 1",
    ),
}


async def test_a_copy_of_the_log_that_was_tampered_with_is_found_out(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bought = await shop.buy(await shop.variant(), wait=5)
    await bought.paid()
    with await asyncio.to_thread(lambda: _Copy(shop.platform)) as copy:
        for name, value in copy.environment.items():
            monkeypatch.setenv(name, value)
        middle = copy.head // 2
        assert await asyncio.to_thread(_verify, capsys) == (0, None)

        for name, damage in DAMAGES.items():
            with copy.damaged([each.format(middle=middle, away=AWAY) for each in damage]):
                found = await asyncio.to_thread(_verify, capsys)

            assert found == (1, middle), name


async def test_a_read_model_that_was_tampered_with_is_found_and_rebuilt(lonely_shop: Shop) -> None:
    shop = lonely_shop
    bought = await shop.buy(await shop.variant(), wait=5)
    await bought.paid()
    await bought.shown(at_least=await shop.write.reader.head())
    with psycopg.connect(shop.urls["postgres"], autocommit=True) as connection:
        connection.execute(
            "update read.orders set document = jsonb_set(document, '{status}', '\"SHIPPED\"') where id = %s",
            (bought.id,),
        )

    tampered = await _told(shop, "verify", "--all", "--json", code=1)
    await _told(shop, "rebuild", "order_tracking", "--json")
    whole = await _told(shop, "verify", "--all", "--json")

    views = tampered["views"]["views"]["order_tracking"]
    assert [difference["key"] for difference in views["sql"]["first"]] == [bought.id]
    assert (tampered["views"]["differing"], whole["views"]["differing"]) == (1, 0)
    assert whole["views"]["documents"] >= 10


async def test_a_stream_and_a_document_of_the_past_are_shown(shop: Shop) -> None:
    bought = await shop.buy(await shop.variant(), wait=5)
    await bought.paid()

    stream = await _told(shop, "stream", f"order-{bought.id}", "--json")
    placed = stream["events"][0]
    then = await _told(shop, "as-of", bought.id, "--position", str(placed["position"]), "--json")

    assert [event["type"] for event in stream["events"]][:1] == ["order.placed"]
    assert "Quito" not in json.dumps(stream)
    assert then["order"]["status"] == "PLACED"


async def _told(shop: Shop, *arguments: str, code: int = 0) -> Any:
    done = await asyncio.to_thread(shop.platform.command, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def _verify(capsys: pytest.CaptureFixture[str]) -> tuple[int, int | None]:
    """`telocompro verify`: its exit code, and the first bad position."""
    code = 0
    try:
        verify.command(everything=False, as_json=True)
    except typer.Exit as end:
        code = end.exit_code
    finding = json.loads(capsys.readouterr().out)["log"]["finding"]
    return code, None if finding is None else finding["position"]


class _Copy:
    """Another database with the platform's log as it is now."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._name = platform, f"copy_{uuid4().hex[:12]}"
        urls = platform.run.urls
        self._url, self._keys = named(urls["postgres"], self._name), urls["keys"]
        with psycopg.connect(urls["postgres"], autocommit=True) as connection:
            for name in (self._name, f"{self._name}_keys"):
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        migrate(self._url, named(urls["postgres"], f"{self._name}_keys"))
        with psycopg.connect(urls["postgres"]) as source, psycopg.connect(self._url, autocommit=True) as target:
            source.execute("set transaction isolation level repeatable read")
            for table in TABLES:
                target.execute(sql.SQL("truncate log.{}").format(sql.Identifier(table)))
                self._fill(source, target, table)
            target.execute("create table public.events as select * from log.events")
            row: Any = target.execute("select position from log.log_head").fetchone()
            self.head = int(row[0])

    def __enter__(self) -> "_Copy":
        return self

    def __exit__(self, *_: object) -> None:
        with psycopg.connect(self._platform.run.urls["postgres"], autocommit=True) as connection:
            for name in (self._name, f"{self._name}_keys"):
                connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    @property
    def environment(self) -> dict[str, str]:
        """Of a command that is to look at the copy, with the signed heads of the original."""
        return {
            "TELOCOMPRO_DATA": str(self._platform.data),
            "TELOCOMPRO_POSTGRES_URL": self._url,
            "KEYS_DATABASE_URL": self._keys,
        }

    @contextmanager
    def damaged(self, statements: Sequence[str]) -> Iterator[None]:
        with psycopg.connect(self._url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())
            yield
            connection.execute("truncate log.events")
            connection.execute("insert into log.events select * from public.events")

    def _fill(self, source: psycopg.Connection[Any], target: psycopg.Connection[Any], table: str) -> None:
        name = sql.Identifier(table)
        rows = source.cursor().copy(sql.SQL("copy (select * from log.{}) to stdout (format binary)").format(name))
        with (
            rows as reading,
            target.cursor().copy(sql.SQL("copy log.{} from stdin (format binary)").format(name)) as writing,
        ):
            for row in reading:
                writing.write(row)
