from datetime import datetime, timedelta

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from tests.kit.builders.ids import VARIANT_ID, an_id
from tests.kit.builders.stock import stock_opened
from tests.kit.examples import examples
from tests.kit.given import NOW, context
from write_model.kernel.refused import Refused
from write_model.stock.commands import (
    AdjustStock,
    AllocateReservation,
    CommitReservation,
    ExpireReservation,
    ExtendReservation,
    ReceiveStock,
    ReleaseReservation,
    ReserveStock,
    StockCommand,
)
from write_model.stock.decider import STOCK, StockItem
from write_model.stock.events import ReservationCommitted, StockAdjusted, StockEvent, StockReceived
from write_model.stock.state import ALLOCATED, COMMITTED, RESERVED

ORDERS = st.integers(1, 4).map(lambda number: an_id("order", number))
ITEM = st.just(VARIANT_ID)
TIMES = st.integers(1, 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
WISHES: st.SearchStrategy[StockCommand] = st.one_of(
    st.builds(ReceiveStock, variant_id=ITEM, quantity=st.integers(1, 20), reason=st.just("delivery")),
    st.builds(AdjustStock, variant_id=ITEM, quantity=st.integers(-20, 20), reason=st.just("counted")),
    st.builds(ReserveStock, variant_id=ITEM, reservation_id=ORDERS, quantity=st.integers(1, 10), expires_at=TIMES),
    st.builds(ExtendReservation, variant_id=ITEM, reservation_id=ORDERS, expires_at=TIMES),
    st.builds(ReleaseReservation, variant_id=ITEM, reservation_id=ORDERS, reason=st.just("order.cancelled")),
    st.builds(ExpireReservation, variant_id=ITEM, reservation_id=ORDERS),
    st.builds(AllocateReservation, variant_id=ITEM, reservation_id=ORDERS),
    st.builds(CommitReservation, variant_id=ITEM, reservation_id=ORDERS),
)
MOMENTS = st.integers(0, 50).map(lambda minutes: NOW + timedelta(minutes=minutes))
STORIES = st.lists(st.tuples(MOMENTS, WISHES), max_size=40)
COUNTED = ReceiveStock | AdjustStock  # each of these is a wish of its own, however alike they are


def granted(wish: StockCommand, item: StockItem, now: datetime) -> list[StockEvent]:
    try:
        return list(STOCK.decide(wish, item, context(now)))
    except Refused:
        return []


def opened() -> StockItem:
    return STOCK.fold(STOCK.initial, [stock_opened()])


@settings(max_examples=examples(300))
@for_all(STORIES)
def test_stock_is_never_negative_whatever_is_wished_for(story: list[tuple[datetime, StockCommand]]) -> None:
    item = opened()
    for now, wish in story:
        for event in granted(wish, item, now):
            item = STOCK.evolve(item, event)
            assert item.on_hand >= 0
            assert item.reserved >= 0
            assert item.available >= 0


@settings(max_examples=examples(300))
@for_all(STORIES)
def test_every_event_says_what_is_available_after_it(story: list[tuple[datetime, StockCommand]]) -> None:
    item = opened()
    for now, wish in story:
        for event in granted(wish, item, now):
            item = STOCK.evolve(item, event)
            assert event.available == item.available


@settings(max_examples=examples(300))
@for_all(STORIES)
def test_what_is_there_is_what_came_less_what_was_shipped(story: list[tuple[datetime, StockCommand]]) -> None:
    item, came, shipped = opened(), 0, 0
    for now, wish in story:
        for event in granted(wish, item, now):
            item = STOCK.evolve(item, event)
            came += event.quantity if isinstance(event, StockReceived | StockAdjusted) else 0
            shipped += event.quantity if isinstance(event, ReservationCommitted) else 0
    assert item.on_hand == came - shipped
    assert item.reserved == sum(held.quantity for held in item.reservations if held.status in (RESERVED, ALLOCATED))
    assert shipped == sum(held.quantity for held in item.reservations if held.status == COMMITTED)


@settings(max_examples=examples(300))
@for_all(STORIES)
def test_no_wish_for_a_reservation_is_granted_twice(story: list[tuple[datetime, StockCommand]]) -> None:
    item = opened()
    for now, wish in story:
        item = STOCK.fold(item, granted(wish, item, now))
        assert isinstance(wish, COUNTED) or granted(wish, item, now) == []
