"""A reservation ends when its time is over, unless it was extended; the stock decides what that means."""

from dataclasses import replace
from datetime import timedelta

from processes.release_reservations.process import PROCESS, key
from processes.running.messages import Dispatch, TimeCame, WakeMe
from processes.running.states import decode, encode
from tests.kit.builders.ids import ORDER_ID, PRODUCT_ID, VARIANT_ID
from tests.kit.given import NOW
from tests.kit.given_process import given_process, refusal, told
from write_model.stock.commands import ExpireReservation
from write_model.stock.events import ReservationExtended, StockReserved

UNTIL, LATER = NOW + timedelta(minutes=15), NOW + timedelta(minutes=30)
RESERVED_FACT = StockReserved(
    product_id=PRODUCT_ID,
    variant_id=VARIANT_ID,
    warehouse="main",
    available=9,
    reservation_id=ORDER_ID,
    quantity=1,
    expires_at=UNTIL,
)
RESERVED = told(RESERVED_FACT)
EXTENDED = told(
    ReservationExtended(
        product_id=PRODUCT_ID,
        variant_id=VARIANT_ID,
        warehouse="main",
        available=9,
        reservation_id=ORDER_ID,
        expires_at=LATER,
    ),
    2,
)
EXPIRE = Dispatch(ExpireReservation(variant_id=VARIANT_ID, warehouse="main", reservation_id=ORDER_ID), "expire")


def alarm(at: object = UNTIL) -> TimeCame:
    return TimeCame(key(RESERVED) or "", "expire", at)  # type: ignore[arg-type]


def test_a_reservation_sets_an_alarm() -> None:
    given_process(PROCESS).when(RESERVED).then(WakeMe("expire", UNTIL))


def test_when_the_time_comes_the_stock_is_asked_to_let_go() -> None:
    given_process(PROCESS, RESERVED).when(alarm()).then(EXPIRE)


def test_an_extension_moves_the_alarm_and_the_old_one_means_nothing() -> None:
    given_process(PROCESS, RESERVED).when(EXTENDED).then(WakeMe("expire", LATER))
    given_process(PROCESS, RESERVED, EXTENDED).when(alarm(UNTIL)).nothing()
    given_process(PROCESS, RESERVED, EXTENDED).when(alarm(LATER)).then(EXPIRE)


def test_hearing_of_it_twice_sets_the_same_alarm() -> None:
    given_process(PROCESS, RESERVED).when(RESERVED).then(WakeMe("expire", UNTIL))


def test_an_alarm_that_comes_late_still_counts() -> None:
    given_process(PROCESS, RESERVED).when(alarm(LATER)).then(EXPIRE)


def test_an_alarm_of_nothing_means_nothing() -> None:
    given_process(PROCESS).when(alarm()).nothing()


def test_a_refusal_parks_the_reservation() -> None:
    given_process(PROCESS, RESERVED).unforeseen(refusal(EXPIRE.command, "stock.unknown"))


def test_each_reservation_of_each_item_has_a_row_of_its_own() -> None:
    other = told(replace(RESERVED_FACT, warehouse="other"))
    assert key(RESERVED) != key(other)
    state = given_process(PROCESS, RESERVED).state
    assert decode(PROCESS, encode(PROCESS, None, state)) == (None, state)
