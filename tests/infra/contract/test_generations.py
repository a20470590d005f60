"""What every record of generations promises: memory and PostgreSQL pass the same suite."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from psycopg import AsyncConnection

from infra.memory.generations import MemoryGenerations
from infra.ports import Doc, Fenced, Generations, GenerationStore
from infra.postgres.generations import PostgresGenerations
from infra.postgres.pool import open_pool
from infra.postgres.view_store import PostgresViewStore
from tests.kit.stack import Stores

VIEW = "products_v1"
FULL = Generations(live=2, previous=1, building=4, is_filled=True, retired=(0, 3), newest=4)


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.integration)])
async def record(request: pytest.FixtureRequest) -> AsyncIterator[GenerationStore]:
    if request.param == "memory":
        yield MemoryGenerations()
        return
    stores: Stores = request.getfixturevalue("stores")
    async with open_pool(stores.postgres_url, 2) as pool:
        yield PostgresGenerations(pool)


async def test_what_was_put_is_read_and_whoever_saw_an_older_one_is_refused(record: GenerationStore) -> None:
    assert await record.read() == {}
    first = await record.put(VIEW, Generations(building=1, newest=1))
    second = await record.put(VIEW, replace(FULL, revision=first.revision))
    assert await record.read() == {VIEW: second}
    assert replace(second, revision=0) == FULL

    for old in (Generations(), first):
        with pytest.raises(Fenced):
            await record.put(VIEW, replace(old, live=9))

    assert await record.read() == {VIEW: second}


@pytest.mark.integration
async def test_plain_names_and_joined_relations_follow_the_live_generation(stores: Stores) -> None:
    async with open_pool(stores.postgres_url, 2) as pool:
        record, views = PostgresGenerations(pool), PostgresViewStore(pool, {"orders_v1": ("order_items_v1",)})
        begun = await record.put(VIEW, Generations(building=1, newest=1))
        await views.take("products_v1_g1", 1)
        await views.write(VIEW, [a_product("old")])
        await views.write("products_v1_g1", [a_product("new")])
        assert await titles(stores, "products") == ["old"]
        assert await titles(stores, "products_listed_v1_g1_0") == ["new"]

        switched = await record.put(VIEW, replace(begun, live=1, previous=0, building=None))
        assert await titles(stores, "products") == ["new"]
        assert await titles(stores, "products_listed_v1") == ["old"]

        await record.put(VIEW, replace(switched, live=0, previous=None, retired=(1,)))
        await views.drop("products_v1_g1")
        assert await titles(stores, "products") == ["old"]
        assert await tables(stores, "%\\_g1%") == []


@pytest.mark.integration
async def test_a_dropped_schema_is_made_anew_with_its_generations(stores: Stores) -> None:
    async with open_pool(stores.postgres_url, 2) as pool:
        record, views = PostgresGenerations(pool), PostgresViewStore(pool, {"orders_v1": ("order_items_v1",)})
        await record.put("orders_v1", Generations(live=1, previous=0, newest=1))
        await views.take("orders_v1_g1", 1)
        async with await AsyncConnection.connect(stores.postgres_url, autocommit=True) as connection:
            await connection.execute("drop schema read cascade")

        assert await views.take("orders_v1_g1", 2) == 0

        assert await tables(stores, "%\\_g1") == ["order_items_v1_g1", "orders_v1_g1"]
        async with await AsyncConnection.connect(stores.postgres_url) as connection:
            await connection.execute("insert into read.orders_v1_g1 (id, document, position) values ('a', '{}', 1)")
            found = await (await connection.execute("select id from read.orders")).fetchall()
    assert found == [("a",)]


def a_product(title: str) -> Doc:
    return Doc("p", 1, {"id": "p"}, columns={"title": title})


async def titles(stores: Stores, relation: str) -> list[str]:
    async with await AsyncConnection.connect(stores.postgres_url) as connection:
        rows = await (await connection.execute(f"select title from read.{relation}".encode())).fetchall()
    return [str(title) for (title,) in rows]


async def tables(stores: Stores, like: str) -> list[str]:
    query = "select relname from pg_class where relkind in ('r', 'v') and relname like %s order by relname"
    async with await AsyncConnection.connect(stores.postgres_url) as connection:
        return [str(name) for (name,) in await (await connection.execute(query, [like])).fetchall()]
