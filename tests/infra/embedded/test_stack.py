"""Do integration tests get real, empty stores of their own?"""

import psycopg
import pymongo
import pytest
import redis

from tests.kit.stack import PrivateRedis, Stack, Stores, fresh_database, keys_url_of

pytestmark = pytest.mark.integration


def test_every_test_has_databases_that_differ_from_the_runs_own(stack: Stack, stores: Stores) -> None:
    with psycopg.connect(stores.postgres_url) as main, psycopg.connect(stores.keys_url) as keys:
        names = [connection.execute("select current_database()").fetchone() for connection in (main, keys)]

    assert names[0] != names[1]
    assert stack.postgres_url not in (stores.postgres_url, stores.keys_url)


async def test_a_fresh_database_is_gone_when_its_block_ends(stack: Stack) -> None:
    async with fresh_database(stack) as url, await psycopg.AsyncConnection.connect(keys_url_of(url)) as connection:
        await connection.execute("create table kept (id int)")

    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        await psycopg.AsyncConnection.connect(url)


def test_durability_stays_as_the_server_ships_it(stores: Stores) -> None:
    with psycopg.connect(stores.postgres_url) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute("select current_setting(%s)", (name,)).fetchone() == ("on",)


def test_redis_is_empty_and_appends_to_a_file(stores: Stores) -> None:
    with redis.Redis.from_url(stores.redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("maxmemory*")["maxmemory-policy"] == "allkeys-lru"


def test_redis_holds_nothing_of_another_test(stores: Stores) -> None:
    with redis.Redis.from_url(stores.redis_url) as client:
        assert client.get("left") is None


def test_mongo_has_transactions(stores: Stores) -> None:
    with pymongo.MongoClient[dict[str, int]](stores.mongo_url) as client:
        documents = client.get_default_database()["documents"]
        with client.start_session() as session, session.start_transaction():
            documents.insert_one({"number": 1}, session=session)
            session.abort_transaction()

        assert documents.count_documents({}) == 0


def test_a_private_redis_keeps_its_address_and_data_over_a_restart(private_redis: PrivateRedis) -> None:
    with redis.Redis.from_url(private_redis.url) as client:
        client.set("kept", "yes")
        private_redis.stop()
        with pytest.raises(redis.ConnectionError):
            client.ping()

        private_redis.start()

        assert client.get("kept") == b"yes"


def test_databases_are_migrated_before_a_test_sees_them(stores: Stores) -> None:
    with psycopg.connect(stores.postgres_url) as connection:
        rows = connection.execute("select schema_name from information_schema.schemata")
        schemas = {schema for (schema,) in rows}

    assert {"log", "work", "identity", "read"} <= schemas
