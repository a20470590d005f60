"""A question that is asked all day is answered as the driver's own cursor would, whatever happens to its plan."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import AsyncConnection

from infra.postgres.encoding import BIGINT, BIGINTS, DOUBLE, ID, IDS, INT, INTS, MOMENT, MOMENTS, TEXT, TEXTS, Kind
from infra.postgres.pool import open_pool
from infra.postgres.questions import Question
from tests.kit.stack import Stores

pytestmark = pytest.mark.integration

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, UTC)
SOME = UUID("7f1c2f9e-6f0b-4a52-9d2c-0c4c3a1f5a11")
VALUES: list[tuple[str, Kind, Any]] = [
    ("text", TEXT, "señal €"),
    ("int", INT, -7),
    ("bigint", BIGINT, 2**62),
    ("float8", DOUBLE, 0.25),
    ("uuid", ID, SOME),
    ("timestamptz", MOMENT, NOON),
    ("text[]", TEXTS, ["", None, "ñ"]),
    ("int[]", INTS, [1, None, -1]),
    ("bigint[]", BIGINTS, []),
    ("uuid[]", IDS, [SOME, SOME]),
    ("timestamptz[]", MOMENTS, [None, NOON]),
]


@pytest.fixture
async def connection(stores: Stores) -> AsyncIterator[AsyncConnection[Any]]:
    async with open_pool(stores.postgres_url, 1) as pool, pool.connection() as connection:
        yield connection


async def test_values_of_every_kind_come_back_as_they_went(connection: AsyncConnection[Any]) -> None:
    asked = ", ".join(f"${number}::{name}" for number, (name, _, _) in enumerate(VALUES, 1))
    question = Question(f"select {asked}", [kind for _, kind, _ in VALUES], list)

    for _ in range(2):
        assert await question.ask(connection, [value for _, _, value in VALUES]) == [[value for _, _, value in VALUES]]


async def test_no_rows_and_many_rows_are_lists(connection: AsyncConnection[Any]) -> None:
    question = Question("select generate_series(1, $1)", [INT], lambda row: int(row[0]))

    assert await question.ask(connection, [0]) == []
    assert await question.ask(connection, [3]) == [1, 2, 3]


async def test_a_statement_that_was_deallocated_is_prepared_again(connection: AsyncConnection[Any]) -> None:
    question = Question("select $1 + 1", [INT], lambda row: int(row[0]))
    await question.ask(connection, [1])
    await connection.execute("deallocate all")

    assert await question.ask(connection, [2]) == [3]
    assert await question.ask(connection, [3]) == [4]


async def test_a_table_that_has_changed_is_read_as_it_is_now(connection: AsyncConnection[Any]) -> None:
    await connection.execute("create temp table changing as select 1 as one")
    question = Question("select * from changing", [], tuple)
    assert await question.ask(connection, []) == [(1,)]
    await connection.execute("alter table changing add column two int default 2")

    assert await question.ask(connection, []) == [(1, 2)]


async def test_a_refused_statement_raises_the_drivers_error_and_the_connection_goes_on(
    connection: AsyncConnection[Any],
) -> None:
    question = Question("select 1 / $1", [INT], lambda row: int(row[0]))

    for _ in range(2):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await question.ask(connection, [0])
    assert await question.ask(connection, [1]) == [1]


async def test_two_askers_of_one_statement_share_a_connection(connection: AsyncConnection[Any]) -> None:
    first, second = (Question("select $1 * 2", [INT], lambda row: int(row[0])) for _ in range(2))

    assert await first.ask(connection, [1]) == await second.ask(connection, [1]) == [2]
