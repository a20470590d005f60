from datetime import timedelta

import pytest

from tests.kit.builders.ids import ORDER_ID, PRODUCT_ID, VARIANT_ID, an_id
from tests.kit.builders.stock import IN_15_MINUTES, stock_of, stock_opened, stock_received, stock_reserved
from tests.kit.given import NOW, given
from write_model.stock import rules
from write_model.stock.commands import (
    AdjustStock,
    AllocateReservation,
    CommitReservation,
    ExpireReservation,
    ExtendReservation,
    OpenStock,
    ReceiveStock,
    ReleaseReservation,
    ReserveStock,
    StockCommand,
)
from write_model.stock.decider import (
    STOCK,
    ExpiryPast,
    ExtensionTooLong,
    NotAvailable,
    OfAnotherProduct,
    ReservationDiffers,
    ReservationInWrongState,
    ReservationUnknown,
    TooMuch,
    Unknown,
    Where,
)
from write_model.stock.events import (
    ReservationAllocated,
    ReservationCommitted,
    ReservationExpired,
    ReservationExtended,
    ReservationReleased,
    StockAdjusted,
    StockCameBack,
    StockEvent,
    StockRanLow,
    StockReceived,
)

WHERE = Where(product_id=PRODUCT_ID, variant_id=VARIANT_ID, warehouse="main")
OPENED, TEN, HELD = stock_opened(), stock_received(quantity=10), stock_reserved(quantity=3, available=7)
EXTENDED = ReservationExtended(**WHERE, available=7, reservation_id=ORDER_ID, expires_at=NOW + timedelta(minutes=45))
RELEASED = ReservationReleased(**WHERE, available=10, reservation_id=ORDER_ID, quantity=3, reason="order.cancelled")
EXPIRED = ReservationExpired(**WHERE, available=10, reservation_id=ORDER_ID, quantity=3)
ALLOCATED = ReservationAllocated(**WHERE, available=7, reservation_id=ORDER_ID, quantity=3)
COMMITTED = ReservationCommitted(**WHERE, available=7, reservation_id=ORDER_ID, quantity=3)

RESERVE = ReserveStock(variant_id=VARIANT_ID, reservation_id=ORDER_ID, quantity=3, expires_at=IN_15_MINUTES)
EXTEND = ExtendReservation(variant_id=VARIANT_ID, reservation_id=ORDER_ID, expires_at=NOW + timedelta(minutes=45))
RELEASE = ReleaseReservation(variant_id=VARIANT_ID, reservation_id=ORDER_ID, reason="order.cancelled")
EXPIRE = ExpireReservation(variant_id=VARIANT_ID, reservation_id=ORDER_ID)
ALLOCATE = AllocateReservation(variant_id=VARIANT_ID, reservation_id=ORDER_ID)
COMMIT = CommitReservation(variant_id=VARIANT_ID, reservation_id=ORDER_ID)


def receive(quantity: int, reason: str = "delivery") -> ReceiveStock:
    return ReceiveStock(variant_id=VARIANT_ID, quantity=quantity, reason=reason)


def adjust(quantity: int, reason: str = "counted") -> AdjustStock:
    return AdjustStock(variant_id=VARIANT_ID, quantity=quantity, reason=reason)


def test_stock_is_opened_once_for_one_product() -> None:
    wish = OpenStock(variant_id=VARIANT_ID, product_id=PRODUCT_ID)
    given(STOCK).when(wish).then(OPENED)
    given(STOCK, OPENED).when(wish).nothing()
    other = OpenStock(variant_id=VARIANT_ID, product_id=an_id("product", 2))
    given(STOCK, OPENED).when(other).refused(OfAnotherProduct, variant=str(VARIANT_ID))


def test_stock_is_opened_in_a_known_warehouse_only() -> None:
    wish = OpenStock(variant_id=VARIANT_ID, product_id=PRODUCT_ID, warehouse="moon")
    given(STOCK).when(wish).refused(rules.WarehouseUnknown, allowed=["main"])


@pytest.mark.parametrize(
    "wish", [receive(1), adjust(1), RESERVE, EXTEND, RELEASE, EXPIRE, ALLOCATE, COMMIT], ids=lambda w: type(w).__name__
)
def test_stock_that_was_never_opened_is_unknown(wish: StockCommand) -> None:
    given(STOCK).when(wish).refused(Unknown)


def test_a_receipt_counts_up() -> None:
    given(STOCK, OPENED).when(receive(10)).then(TEN)
    again = StockReceived(**WHERE, available=20, quantity=10, reason="delivery")
    given(STOCK, OPENED, TEN).when(receive(10)).then(again)


def test_an_adjustment_counts_both_ways() -> None:
    given(STOCK, OPENED, TEN).when(adjust(-4)).then(StockAdjusted(**WHERE, available=6, quantity=-4, reason="counted"))
    given(STOCK, OPENED, TEN).when(adjust(4)).then(StockAdjusted(**WHERE, available=14, quantity=4, reason="counted"))


def test_an_adjustment_never_takes_what_is_held() -> None:
    outcome = given(STOCK, OPENED, TEN, HELD).when(adjust(-7))
    assert outcome.state.available == 0
    given(STOCK, OPENED, TEN, HELD).when(adjust(-8)).refused(NotAvailable, variant=str(VARIANT_ID), available=7)


@pytest.mark.parametrize("quantity", [0, 10**6 + 1])
def test_a_figure_out_of_range_is_refused(quantity: int) -> None:
    for wish in (receive(quantity), adjust(quantity), adjust(-quantity)):
        given(STOCK, OPENED, TEN).when(wish).refused(rules.QuantityOutOfRange, min=1, max=10**6)
    reserve = ReserveStock(variant_id=VARIANT_ID, reservation_id=ORDER_ID, quantity=quantity, expires_at=IN_15_MINUTES)
    given(STOCK, OPENED, TEN).when(reserve).refused(rules.QuantityOutOfRange, min=1, max=10**6)


def test_a_negative_receipt_is_refused() -> None:
    given(STOCK, OPENED, TEN).when(receive(-1)).refused(rules.QuantityOutOfRange, min=1, max=10**6)


def test_a_shelf_has_an_end() -> None:
    full = stock_received(quantity=10**9)
    given(STOCK, OPENED, full).when(receive(1)).refused(TooMuch, max=10**9)
    given(STOCK, OPENED, full).when(adjust(1)).refused(TooMuch, max=10**9)


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, "nul\0"])
def test_nothing_is_changed_without_a_proper_reason(reason: str) -> None:
    release = ReleaseReservation(variant_id=VARIANT_ID, reservation_id=ORDER_ID, reason=reason)
    for wish in (receive(1, reason), adjust(1, reason), release):
        given(STOCK, OPENED, TEN, HELD).when(wish).refused(rules.ReasonInvalid, longest=500)


def test_a_reservation_holds_units_and_says_until_when() -> None:
    outcome = given(STOCK, OPENED, TEN).when(RESERVE)
    outcome.then(HELD)
    assert (outcome.state.on_hand, outcome.state.reserved, outcome.state.available) == (10, 3, 7)


def test_no_more_is_held_than_there_is() -> None:
    taken = stock_reserved(quantity=8, available=2, reservation_id=an_id("order", 2))
    given(STOCK, OPENED, TEN, taken).when(RESERVE).refused(NotAvailable, variant=str(VARIANT_ID), available=2)


def test_a_reservation_is_for_one_quantity() -> None:
    other = ReserveStock(variant_id=VARIANT_ID, reservation_id=ORDER_ID, quantity=4, expires_at=IN_15_MINUTES)
    given(STOCK, OPENED, TEN, HELD).when(other).refused(ReservationDiffers, quantity=3)


def test_a_reservation_is_for_the_future() -> None:
    given(STOCK, OPENED, TEN).at(IN_15_MINUTES).when(RESERVE).refused(ExpiryPast, expiresAt=IN_15_MINUTES.isoformat())


def test_a_reservation_is_extended_and_never_brought_forward() -> None:
    given(STOCK, OPENED, TEN, HELD).when(EXTEND).then(EXTENDED)
    given(STOCK, OPENED, TEN, HELD, EXTENDED).when(EXTEND).nothing()
    sooner = ExtendReservation(variant_id=VARIANT_ID, reservation_id=ORDER_ID, expires_at=NOW)
    given(STOCK, OPENED, TEN, HELD).when(sooner).nothing()


def test_a_reservation_is_extended_by_half_an_hour_at_most_however_often() -> None:
    latest = IN_15_MINUTES + timedelta(minutes=30)
    beyond = ExtendReservation(variant_id=VARIANT_ID, reservation_id=ORDER_ID, expires_at=latest + timedelta(seconds=1))
    for more in ([], [EXTENDED]):
        given(STOCK, OPENED, TEN, HELD, *more).when(beyond).refused(ExtensionTooLong, latest=latest.isoformat())


def test_an_extended_reservation_does_not_expire_at_its_first_time() -> None:
    given(STOCK, OPENED, TEN, HELD, EXTENDED).at(IN_15_MINUTES).when(EXPIRE).nothing()
    given(STOCK, OPENED, TEN, HELD, EXTENDED).at(EXTENDED.expires_at).when(EXPIRE).then(EXPIRED)


def test_a_reservation_expires_at_its_time_and_not_before() -> None:
    given(STOCK, OPENED, TEN, HELD).at(IN_15_MINUTES - timedelta(microseconds=1)).when(EXPIRE).nothing()
    outcome = given(STOCK, OPENED, TEN, HELD).at(IN_15_MINUTES).when(EXPIRE)
    outcome.then(EXPIRED)
    assert outcome.state.available == 10


def test_a_timer_for_a_reservation_that_is_not_there_does_nothing() -> None:
    given(STOCK, OPENED, TEN).when(EXPIRE).nothing()


def test_a_released_reservation_gives_its_units_back() -> None:
    assert given(STOCK, OPENED, TEN, HELD).when(RELEASE).state.available == 10
    assert given(STOCK, OPENED, TEN, HELD, ALLOCATED).when(RELEASE).state.available == 10


def test_a_shipment_takes_the_units_from_the_shelf() -> None:
    outcome = given(STOCK, OPENED, TEN, HELD, ALLOCATED).when(COMMIT)
    outcome.then(COMMITTED)
    assert (outcome.state.on_hand, outcome.state.reserved, outcome.state.available) == (7, 0, 7)


@pytest.mark.parametrize("wish", [EXTEND, RELEASE, ALLOCATE, COMMIT], ids=lambda wish: type(wish).__name__)
def test_a_reservation_that_never_was_is_unknown(wish: StockCommand) -> None:
    given(STOCK, OPENED, TEN).when(wish).refused(ReservationUnknown, reservation=str(ORDER_ID))


def test_running_low_is_told_when_the_line_is_crossed() -> None:
    low = StockRanLow(**WHERE, available=5, threshold=5)
    given(STOCK, OPENED, TEN).when(adjust(-5)).then(
        StockAdjusted(**WHERE, available=5, quantity=-5, reason="counted"), low
    )
    five = stock_received(quantity=5)
    given(STOCK, OPENED, five).when(adjust(-1)).then(StockAdjusted(**WHERE, available=4, quantity=-1, reason="counted"))


def test_coming_back_is_told_after_it_was_gone_and_not_the_first_time() -> None:
    gone = StockAdjusted(**WHERE, available=0, quantity=-10, reason="counted")
    low = StockRanLow(**WHERE, available=0, threshold=5)
    back = StockCameBack(**WHERE, available=1)
    received = StockReceived(**WHERE, available=1, quantity=1, reason="delivery")
    given(STOCK, OPENED, TEN, gone, low).when(receive(1)).then(received, back)
    given(STOCK, OPENED).when(receive(1)).then(received)
    more = StockReceived(**WHERE, available=2, quantity=1, reason="delivery")
    given(STOCK, OPENED, TEN, gone, low, received, back).when(receive(1)).then(more)


def test_units_that_are_given_back_come_back_as_well() -> None:
    all_held = stock_reserved(quantity=10, available=0)
    (_, back) = given(STOCK, OPENED, TEN, all_held).when(RELEASE).facts()
    assert back == StockCameBack(**WHERE, available=10)


STATES: dict[str, list[StockEvent]] = {
    "RESERVED": [HELD],
    "ALLOCATED": [HELD, ALLOCATED],
    "COMMITTED": [HELD, ALLOCATED, COMMITTED],
    "RELEASED": [HELD, RELEASED],
    "EXPIRED": [HELD, EXPIRED],
}
WISHES: dict[str, StockCommand] = {
    "reserve": RESERVE,
    "extend": EXTEND,
    "release": RELEASE,
    "expire": EXPIRE,
    "allocate": ALLOCATE,
    "commit": COMMIT,
}
TABLE = {  # "!": it happens, ".": it is so already or does not matter any more, else the states that would allow it
    "RESERVED": [".", "!", "!", "!", "!", "ALLOCATED"],
    "ALLOCATED": [".", ".", "!", ".", ".", "!"],
    "COMMITTED": [".", ".", "RESERVED ALLOCATED", ".", ".", "."],
    "RELEASED": ["RESERVED", "RESERVED", ".", ".", "RESERVED", "ALLOCATED"],
    "EXPIRED": ["RESERVED", "RESERVED", ".", ".", "RESERVED", "ALLOCATED"],
}


@pytest.mark.parametrize(
    ("state", "wish", "expected"),
    [(state, wish, mark) for state, row in TABLE.items() for wish, mark in zip(WISHES, row, strict=True)],
)
def test_every_wish_for_a_reservation_in_every_state_follows_the_table(state: str, wish: str, expected: str) -> None:
    world = given(STOCK, OPENED, TEN, *STATES[state]).at(IN_15_MINUTES)
    outcome = world.when(WISHES[wish])
    if expected == "!":
        assert outcome.facts()
        given(STOCK, *world.facts, *outcome.facts()).at(IN_15_MINUTES).when(WISHES[wish]).nothing()
    elif expected == ".":
        outcome.nothing()
    else:
        outcome.refused(ReservationInWrongState, state=state, allowed=expected.split())


def test_a_hot_item_remembers_every_reservation() -> None:
    many = [stock_reserved(quantity=1, available=1999 - n, reservation_id=an_id("order", n)) for n in range(2000)]
    item = STOCK.fold(STOCK.initial, [*stock_of(2000), *many])
    assert item.available == 0
    assert sum(held.quantity for held in item.reservations) == 2000
    assert all(item.reservation(an_id("order", n)) is not None for n in range(2000))


def test_an_event_about_a_reservation_that_was_never_made_still_loads() -> None:
    assert given(STOCK, OPENED, TEN, ALLOCATED).state.reservation(ORDER_ID) is None
