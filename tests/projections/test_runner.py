"""What the runner of a projection promises: nothing lost, nothing twice, whatever happens at whatever moment."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from infra.memory.views import MemoryViewStore
from infra.ports import Fenced
from projections.cart_contents.projector import CART_CONTENTS
from projections.main import ALL
from projections.order_tracking.projector import ORDER_TRACKING
from projections.public_changes.projector import PUBLIC_CHANGES
from projections.running.comparing import compare
from projections.running.feed import Feed
from projections.running.projection import MONGO, Projection
from projections.running.rebuild import Rebuild
from projections.running.runner import Runner
from projections.stock_levels.projector import STOCK_LEVELS
from projections.user_events.projector import USER_EVENTS
from tests.kit.builders import order
from tests.kit.builders.ids import CART_ID, ORDER_ID, an_id
from tests.kit.builders.stock import stock_of
from tests.kit.builders.story import a_story
from tests.kit.given_view import a_log
from tests.projections.kit import SOON, Bench, FaultyStore, a_bench
from write_model.kernel.message import Envelope, Event

ORDER = str(ORDER_ID)


async def status_of(bench: Bench, key: str = ORDER) -> Any:
    doc = (await bench.store.load(ORDER_TRACKING.target, [key])).get(key)
    return None if doc is None or doc.body is None else doc.body["status"]


async def equals_a_refold(bench: Bench, *projections: Projection[Any]) -> int:
    """How many documents were compared; a difference fails the test."""
    documents = 0
    for projection in projections:
        for found in (await compare(projection, {MONGO: bench.store}, bench.copies, bench.feed)).values():
            assert found.first == []
            documents += found.documents
    return documents


async def test_what_is_appended_is_seen_at_once() -> None:
    bench = await a_bench()
    async with bench.running(ORDER_TRACKING):
        for event, status in (
            (order.PLACED, "PLACED"),
            (order.AUTHORIZED, "AWAITING_PAYMENT"),
            (order.CONFIRMED, "CONFIRMED"),
        ):
            await bench.reached(ORDER_TRACKING, await bench.log.append(event))
            assert await status_of(bench) == status


async def test_live_views_equal_a_refold_of_the_log() -> None:
    bench = await a_bench(*a_story()[:7])
    async with bench.running(*ALL):
        head = 0
        for event in a_story()[7:]:
            head = await bench.log.append(event)
        for projection in ALL:
            await bench.reached(projection, head)
        assert await equals_a_refold(bench, *ALL) > 20


async def test_a_view_that_nobody_waits_for_takes_in_one_commit_what_comes_one_by_one() -> None:
    bench = await a_bench(order.PLACED)
    async with bench.running(replace(USER_EVENTS, gathers=0.5)):
        await bench.reached(USER_EVENTS, 1)
        for _ in range(5):
            head = await bench.log.append(order.CONFIRMED)
            await asyncio.sleep(0.01)
        await bench.reached(USER_EVENTS, head)
        assert isinstance(bench.store, FaultyStore)
        assert bench.store.commits < 5
        assert await equals_a_refold(bench, USER_EVENTS) == head


async def test_a_position_moves_over_events_that_are_not_folded() -> None:
    bench = await a_bench(order.PLACED)
    async with bench.running(ORDER_TRACKING):
        for event in stock_of(10):
            await bench.log.append(event)
        await bench.reached(ORDER_TRACKING, 3)
        assert isinstance(bench.store, FaultyStore)
        assert bench.store.commits == 1


async def test_a_kill_between_documents_and_checkpoint_leaves_nothing_wrong() -> None:
    bench = await a_bench(*a_story())
    assert isinstance(bench.store, FaultyStore)
    bench.store.dies_before_checkpoint = True
    async with bench.running(ORDER_TRACKING, PUBLIC_CHANGES, USER_EVENTS):
        await asyncio.sleep(0.1)
    assert await bench.store.position(ORDER_TRACKING.target) == 0
    bench.store.dies_before_checkpoint = False
    async with bench.running(ORDER_TRACKING, PUBLIC_CHANGES, USER_EVENTS):
        for projection in (ORDER_TRACKING, PUBLIC_CHANGES, USER_EVENTS):
            await bench.reached(projection, len(a_story()))
        await equals_a_refold(bench, ORDER_TRACKING, PUBLIC_CHANGES, USER_EVENTS)


async def test_a_worker_that_comes_back_after_its_lease_writes_nothing() -> None:
    bench = await a_bench(order.PLACED)
    old = await bench.store.take(ORDER_TRACKING.target, 1)
    new = await bench.store.take(ORDER_TRACKING.target, 2)
    await bench.store.commit(ORDER_TRACKING.target, 2, new, 1, [])
    with pytest.raises(Fenced):
        await bench.store.commit(ORDER_TRACKING.target, 1, old, 9, [])
    assert await bench.store.position(ORDER_TRACKING.target) == 1


async def test_of_two_workers_one_projects_and_the_other_takes_over_when_it_ends() -> None:
    bench = await a_bench(order.PLACED)
    other = Bench(bench.log, bench.store, bench.copies, bench.leases)
    async with other.running(ORDER_TRACKING, worker="two"):
        async with bench.running(ORDER_TRACKING):
            await bench.reached(ORDER_TRACKING, 1)
            await asyncio.sleep(0.05)
            states = {each.health.line(ORDER_TRACKING.target, MONGO).state for each in (bench, other)}
            assert states == {"running", "waiting for the lease"}
        head = await bench.log.append(order.AUTHORIZED)
        await other.reached(ORDER_TRACKING, head)


async def test_a_store_that_is_away_is_waited_for_and_nothing_is_parked() -> None:
    bench = await a_bench(order.PLACED)
    assert isinstance(bench.store, FaultyStore)
    async with bench.running(ORDER_TRACKING):
        await bench.reached(ORDER_TRACKING, 1)
        bench.store.away = True
        head = await bench.log.append(order.AUTHORIZED)
        await asyncio.sleep(0.2)
        assert await status_of(bench) == "PLACED"
        bench.store.away = False
        await bench.reached(ORDER_TRACKING, head)
        assert await bench.store.parked(ORDER_TRACKING.target) == []


async def test_a_store_that_was_dropped_is_filled_again_by_itself() -> None:
    bench = await a_bench(*a_story())
    async with bench.running(ORDER_TRACKING):
        await bench.reached(ORDER_TRACKING, len(a_story()))
        await bench.store.drop(ORDER_TRACKING.target)
        await bench.reached(ORDER_TRACKING, len(a_story()))
        assert await equals_a_refold(bench, ORDER_TRACKING) > 0


async def test_a_dropped_store_is_noticed_by_a_projection_that_has_no_documents_yet() -> None:
    bench = await a_bench(*stock_of(10))
    async with bench.running(ORDER_TRACKING):
        await bench.reached(ORDER_TRACKING, 2)
        await bench.store.drop(ORDER_TRACKING.target)
        await bench.reached(ORDER_TRACKING, 2)


def poisoned(key: str, kind: type[Event]) -> Projection[Any]:
    """Order tracking with a bug for one order and one kind of event."""

    def project(before: Any, envelope: Envelope[Any], of_key: str) -> Any:
        if of_key == key and isinstance(envelope.event, kind):
            raise ValueError("bug")
        return ORDER_TRACKING.project(before, envelope, of_key)

    return replace(ORDER_TRACKING, project=project)


async def test_a_poison_event_parks_its_document_and_the_rest_flows() -> None:
    other = an_id("order", 2)
    bench = await a_bench(order.PLACED, replace(order.PLACED, order_id=other))
    async with bench.running(poisoned(ORDER, type(order.AUTHORIZED))):
        await bench.reached(ORDER_TRACKING, 2)
        for event in (order.AUTHORIZED, replace(order.AUTHORIZED, order_id=other), order.CONFIRMED):
            head = await bench.log.append(event)
        await bench.reached(ORDER_TRACKING, head)
        assert (await status_of(bench), await status_of(bench, str(other))) == ("PLACED", "AWAITING_PAYMENT")
        [parked] = await bench.store.parked(ORDER_TRACKING.target)
        assert (parked.key, parked.position) == (ORDER, 3)
        assert "bug" not in parked.error
        assert (await bench.store.load(ORDER_TRACKING.target, [ORDER]))[ORDER].stale


async def test_a_parked_document_catches_up_in_order_once_the_code_is_mended() -> None:
    bench = await a_bench(order.PLACED, order.AUTHORIZED, order.CONFIRMED)
    async with bench.running(poisoned(ORDER, type(order.AUTHORIZED))):
        await bench.reached(ORDER_TRACKING, 3)
    head = await bench.log.append(order.CAPTURED)
    async with bench.running(ORDER_TRACKING):
        await bench.reached(ORDER_TRACKING, head)
        async with asyncio.timeout(SOON):
            while await bench.store.parked(ORDER_TRACKING.target):  # noqa: ASYNC110 a store tells nobody
                await asyncio.sleep(0.01)
        assert await status_of(bench) == "CONFIRMED"
        assert await equals_a_refold(bench, ORDER_TRACKING) == 1


async def test_an_event_whose_bytes_are_damaged_stops_its_projections_and_no_other() -> None:
    log = a_log()
    for event in (order.PLACED, *stock_of(10)):
        await log.append(event)
    rows = log.reader._rows  # type: ignore[attr-defined]  # nobody else can damage a log in memory
    rows[0] = rows[0]._replace(payload=b"{")
    bench = Bench(log)
    async with bench.running(ORDER_TRACKING, STOCK_LEVELS):
        await bench.reached(STOCK_LEVELS, 3)
        await asyncio.sleep(0.05)
        line = bench.health.line(ORDER_TRACKING.target, MONGO)
        assert (line.state, line.position) == ("stopped", 0)
        assert "position 1" in str(line.error)
        assert await bench.store.position(ORDER_TRACKING.target) == 0


@pytest.mark.parametrize("projection", [ORDER_TRACKING, PUBLIC_CHANGES, USER_EVENTS], ids=lambda each: each.name)
async def test_a_rebuild_equals_the_live_view(projection: Projection[Any]) -> None:
    bench = await a_bench(*a_story())
    rebuilt = await Rebuild(projection, bench.store, bench.feed, fence=7).run()
    assert (rebuilt.position, rebuilt.parked) == (len(a_story()), 0)
    assert await equals_a_refold(bench, projection) > 0


async def test_a_planted_corruption_is_found_and_named_by_field_only() -> None:
    bench = await a_bench(*a_story())
    await Rebuild(ORDER_TRACKING, bench.store, bench.feed, fence=1).run()
    assert isinstance(bench.store, MemoryViewStore)
    docs = bench.store._targets[ORDER_TRACKING.target].docs
    body = dict(docs[ORDER].body or {})
    docs[ORDER] = replace(docs[ORDER], body={**body, "contactEmail": "eve@example.com"})
    docs["stranger"] = replace(docs[ORDER], key="stranger")
    found = (await compare(ORDER_TRACKING, {MONGO: bench.store}, None, bench.feed))[MONGO]
    assert found.differing == 2
    assert {(each.key, each.what) for each in found.first} == {
        (ORDER, "contactEmail"),
        ("stranger", "the log knows no such document"),
    }


async def test_a_document_that_is_missing_is_found() -> None:
    bench = await a_bench(*a_story())
    await Rebuild(CART_CONTENTS, bench.store, bench.feed, fence=1).run()
    assert isinstance(bench.store, MemoryViewStore)
    del bench.store._targets[CART_CONTENTS.target].docs[str(CART_ID)]
    found = (await compare(CART_CONTENTS, {MONGO: bench.store}, None, bench.feed))[MONGO]
    assert [(each.key, each.what) for each in found.first] == [(str(CART_ID), "missing")]


async def test_a_projection_far_behind_reads_the_log_for_itself() -> None:
    log = a_log()
    for _ in range(3):
        await log.append(
            *[event for number in range(80) for event in stock_of(5, variant_id=an_id(f"v{log.commands}", number))]
        )
    bench = Bench(log)
    async with bench.running(STOCK_LEVELS):
        await bench.reached(STOCK_LEVELS, 480)
        assert len(await bench.store.keys(STOCK_LEVELS.target, "", 500)) == 240


def test_runner_and_feed_are_plain_coroutines() -> None:
    assert asyncio.iscoroutinefunction(Runner.run)
    assert asyncio.iscoroutinefunction(Feed.run)
