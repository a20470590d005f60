"""What every document store promises: memory, MongoDB and PostgreSQL pass the same suite."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.memory.views import MemoryViewStore
from infra.mongo.view_store import MongoViewStore, open_client
from infra.ports import Doc, Fenced, Query, ViewStore
from infra.postgres.pool import open_pool
from infra.postgres.view_store import PostgresViewStore
from tests.kit.stack import Stores

TARGET, CHILD = "orders_v1", "order_items"
SQL = pytest.param("sql", marks=pytest.mark.integration)
MONGO = pytest.param("mongo", marks=pytest.mark.integration)
ALL = ["memory", SQL, MONGO]


@pytest.fixture(params=ALL)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[ViewStore]:
    if request.param == "memory":
        yield MemoryViewStore()
        return
    stores: Stores = request.getfixturevalue("stores")
    if request.param == "sql":
        async with open_pool(stores.postgres_url, 2) as pool:
            yield PostgresViewStore(pool, {TARGET: (f"{CHILD}_v1",)})
        return
    client = open_client(stores.mongo_url)
    yield MongoViewStore(client)
    await client.close()


def an_order(key: str, position: int, *, status: str = "PLACED", lines: int = 1, **body: Any) -> Doc:
    placed_at = body.get("placedAt", "2026-03-02T15:30:00.000000Z")
    return Doc(
        key=key,
        position=position,
        body={"id": key, "status": status, "customerId": "ada", "placedAt": placed_at, **body},
        columns={"status": status, "customer_id": "ada", "placed_at": placed_at},
        rows={CHILD: [{"order_id": key, "line": str(line), "quantity": line} for line in range(1, lines + 1)]},
    )


async def body_of(store: ViewStore, key: str) -> Any:
    return (await store.load(TARGET, [key]))[key].body


async def test_a_document_comes_back_as_it_was_written(store: ViewStore) -> None:
    written = an_order("a", 7, nested={"list": [1, None, True, {"deep": "ñ"}]}, big=2**53)
    await store.write(TARGET, [written])
    doc = (await store.load(TARGET, ["a", "unknown"]))["a"]
    assert (doc.key, doc.position, doc.body, doc.stale) == ("a", 7, written.body, False)


async def test_an_older_document_changes_nothing(store: ViewStore) -> None:
    await store.write(TARGET, [an_order("a", 7, status="NEW")])
    await store.write(TARGET, [an_order("a", 6, status="OLD"), an_order("b", 1)])
    await store.write(TARGET, [an_order("a", 7, status="AGAIN")])
    assert (await body_of(store, "a"))["status"] == "NEW"
    assert (await body_of(store, "b"))["id"] == "b"


async def test_a_document_that_is_gone_stays_gone_for_older_ones(store: ViewStore) -> None:
    await store.write(TARGET, [an_order("a", 3)])
    await store.write(TARGET, [Doc("a", 5, None)])
    await store.write(TARGET, [an_order("a", 4)])
    assert (await store.load(TARGET, ["a"]))["a"].body is None
    assert await store.keys(TARGET, "", 10) == []


async def test_documents_and_checkpoint_are_written_together(store: ViewStore) -> None:
    assert await store.take(TARGET, 1) == 0
    await store.commit(TARGET, 1, 0, 9, [an_order("a", 8)])
    assert await store.position(TARGET) == 9
    assert (await store.checkpoints())[TARGET] == (9, 1)
    assert (await body_of(store, "a"))["id"] == "a"


async def test_an_older_fence_is_shut_out_as_soon_as_a_newer_one_takes_over(store: ViewStore) -> None:
    await store.take(TARGET, 1)
    await store.commit(TARGET, 1, 0, 5, [])
    assert await store.take(TARGET, 2) == 5
    with pytest.raises(Fenced):
        await store.commit(TARGET, 1, 5, 6, [])
    await store.advance({TARGET: (1, 5, 7)})
    with pytest.raises(Fenced):
        await store.take(TARGET, 1)
    assert await store.position(TARGET) == 5
    await store.commit(TARGET, 2, 5, 6, [])


async def test_a_store_that_lost_its_checkpoint_refuses_the_next_commit(store: ViewStore) -> None:
    await store.take(TARGET, 1)
    await store.commit(TARGET, 1, 0, 5, [an_order("a", 5)])
    await store.drop(TARGET)
    with pytest.raises(Fenced):
        await store.commit(TARGET, 1, 5, 6, [])
    assert await store.take(TARGET, 1) == 0


async def test_a_store_that_went_back_refuses_the_next_commit(store: ViewStore) -> None:
    await store.take(TARGET, 1)
    await store.commit(TARGET, 1, 0, 5, [])
    with pytest.raises(Fenced):
        await store.commit(TARGET, 1, 8, 9, [])
    assert await store.position(TARGET) == 5


async def test_checkpoints_move_many_at_once_and_only_on(store: ViewStore) -> None:
    for target in ("carts_v1", TARGET):
        await store.take(target, 3)
    await store.advance({TARGET: (3, 0, 10), "carts_v1": (3, 0, 4)})
    await store.advance({TARGET: (3, 0, 8), "carts_v1": (2, 0, 9)})
    found = await store.checkpoints()
    assert (found[TARGET], found["carts_v1"]) == ((10, 3), (4, 3))


async def test_a_parked_document_says_that_it_is_stale_until_it_is_released(store: ViewStore) -> None:
    await store.write(TARGET, [an_order("a", 3)])
    await store.park(TARGET, "a", 4, "ValueError")
    await store.park(TARGET, "a", 6, "later")
    parked = await store.parked(TARGET)
    assert [(each.name, each.key, each.position, each.error) for each in parked] == [(TARGET, "a", 4, "ValueError")]
    assert (await store.load(TARGET, ["a"]))["a"].stale
    await store.release(TARGET, "a")
    assert await store.parked(TARGET) == []
    assert not (await store.load(TARGET, ["a"]))["a"].stale


async def test_keys_come_in_order_and_in_pages(store: ViewStore) -> None:
    await store.write(TARGET, [an_order(key, 1) for key in ("c", "a", "B", "d")])
    assert await store.keys(TARGET, "", 3) == ["B", "a", "c"]
    assert await store.keys(TARGET, "c", 3) == ["d"]


async def test_dropping_empties_one_target_only(store: ViewStore) -> None:
    for target in (TARGET, "carts_v1"):
        await store.take(target, 1)
        await store.commit(target, 1, 0, 2, [Doc("x", 1, {"id": "x"})])
    await store.drop(TARGET)
    assert await store.load(TARGET, ["x"]) == {}
    assert await store.position(TARGET) == 0
    assert "x" in await store.load("carts_v1", ["x"])


@pytest.mark.parametrize("store", ["memory", MONGO], indirect=True)
async def test_numbered_documents_are_kept_in_the_order_of_their_numbers(store: ViewStore) -> None:
    docs = [Doc(str(number), number, {"position": number, "type": "t"}) for number in (9, 10, 100)]
    await store.write("public_changes_v1", [*docs, Doc("seen/order-1", 100, {"seen": {}})])
    assert await store.keys("public_changes_v1", "", 10) == ["9", "10", "100", "seen/order-1"]
    assert await store.keys("public_changes_v1", "10", 10) == ["100", "seen/order-1"]
    query = Query(order=(("_id", False),), limit=10, at_least={"_id": 10}, any_of={"type": ["t", "u"]})
    found = await store.find("public_changes_v1", query)
    assert [doc.body for doc in found] == [{"position": number, "type": "t"} for number in (10, 100)]


async def test_a_query_pages_through_equal_values_without_loss_or_repeat(store: ViewStore) -> None:
    moments = ["2026-03-02T15:30:00.000000Z", "2026-03-02T15:30:00.500000Z"]
    await store.write(TARGET, [an_order(key, 1, placedAt=moments[number % 2]) for number, key in enumerate("fbdaec")])
    await store.write(TARGET, [Doc("gone", 2, None)])
    fields = (
        ("placed_at", "customer_id", "id")
        if isinstance(store, PostgresViewStore)
        else ("placedAt", "customerId", "_id")
    )
    order = ((fields[0], True), (fields[2], False))
    seen: list[str] = []
    after: list[object] = []
    while True:
        page = await store.find(TARGET, Query(order, 2, equal={fields[1]: "ada"}, after=after))
        if not page:
            break
        seen += [doc.key for doc in page]
        after = [page[-1].columns[name] for name, _ in order]
    assert seen == [*"abc", *"def"]  # the later moment first
    assert after[0] == moments[0]


@pytest.mark.parametrize("store", [SQL], indirect=True)
async def test_child_rows_are_replaced_with_their_parent(store: PostgresViewStore, stores: Stores) -> None:
    async def lines() -> list[Any]:
        async with open_pool(stores.postgres_url, 1) as pool, pool.connection() as connection:
            found = await connection.execute("select order_id, line, quantity from read.order_items order by 1, 2")
            return await found.fetchall()

    await store.write(TARGET, [an_order("a", 1, lines=2), an_order("b", 2)])
    await store.write(TARGET, [an_order("a", 2, lines=1), an_order("b", 1, lines=9)])
    assert await lines() == [("a", "1", 1), ("b", "1", 1)]
    await store.write(TARGET, [Doc("a", 3, None, rows={CHILD: ()})])
    assert await lines() == [("b", "1", 1)]


@pytest.mark.parametrize("store", [SQL], indirect=True)
async def test_a_place_that_fits_no_column_is_refused(store: ViewStore) -> None:
    order = (("placed_at", True), ("id", False))
    with pytest.raises(ValueError, match="column"):
        await store.find(TARGET, Query(order, 2, after=["not a time", "x"]))


@pytest.mark.parametrize("store", [SQL], indirect=True)
async def test_a_dropped_schema_is_made_anew_by_who_takes_over(store: ViewStore, stores: Stores) -> None:
    await store.take(TARGET, 1)
    async with open_pool(stores.postgres_url, 1) as pool, pool.connection() as connection:
        await connection.execute("drop schema read cascade")
    assert await store.take(TARGET, 1) == 0
    await store.commit(TARGET, 1, 0, 1, [an_order("a", 1)])
