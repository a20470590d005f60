"""In time, twice, out of order, too late, started twice: what the table alone does not show."""

from dataclasses import replace
from datetime import timedelta

import pytest

from processes.collect_payment.process import PROCESS
from processes.running.messages import Dispatch, Message, Perform, TimeCame, WakeMe
from tests.kit.builders import order as an
from tests.kit.builders import payment as a
from tests.kit.builders.ids import ORDER_ID, PAYMENT_ID, VARIANT_ID
from tests.kit.given import NOW
from tests.kit.given_process import flat, given_process, refusal, told
from write_model.checkout.commands import CancelOrder, ConfirmOrder
from write_model.kernel.ids import derived
from write_model.payment.commands import AuthorizePayment, CapturePayment, RefundPayment, VoidPayment
from write_model.stock.commands import ExtendReservation

PLACED, REQUESTED, AUTHORIZED = told(an.PLACED, 1), told(a.REQUESTED, 2), told(a.AUTHORIZED, 3)
CAPTURE_REQUESTED, CAPTURED = told(a.CAPTURE_REQUESTED, 4), told(a.CAPTURED, 5)
VOID = VoidPayment(payment_id=PAYMENT_ID, reason="x")


def ask(seconds: float) -> TimeCame:
    return TimeCame(str(ORDER_ID), "ask", NOW + timedelta(seconds=seconds))


def test_an_order_begins_with_its_authorisation_and_ends_with_its_reservation() -> None:
    given_process(PROCESS).when(PLACED).then(
        WakeMe("expire", an.RESERVED_UNTIL),
        Dispatch(AuthorizePayment(payment_id=PAYMENT_ID), "authorise"),
    )


def test_the_provider_is_asked_under_a_key_of_the_request() -> None:
    given_process(PROCESS, PLACED).when(REQUESTED).then(
        Perform(
            "authorise",
            f"{REQUESTED.event_id}:authorise",
            {
                "payment_id": str(PAYMENT_ID),
                "order_id": str(ORDER_ID),
                "amount_minor": a.AMOUNT,
                "currency": "USD",
                "method": a.METHOD,
            },
        )
    )


def test_the_capture_is_wished_for_only_once_the_order_is_confirmed() -> None:
    (record,) = given_process(PROCESS, PLACED, REQUESTED).when(AUTHORIZED).wishes
    assert isinstance(record, Dispatch)
    (confirm,) = record.then
    assert isinstance(confirm, Dispatch)
    assert confirm.command == ConfirmOrder(order_id=ORDER_ID)
    assert confirm.then == (Dispatch(CapturePayment(payment_id=PAYMENT_ID), "capture"),)


def test_an_order_that_is_paid_at_shipment_is_confirmed_and_not_captured() -> None:
    placed = told(an.placed(policy="on_shipment"), 1)
    words = given_process(PROCESS, placed, REQUESTED).when(AUTHORIZED).words
    assert words == ["RecordPaymentAuthorized", "ConfirmOrder"]


def test_hearing_an_event_twice_wishes_for_nothing_new() -> None:
    collected = given_process(PROCESS, PLACED, REQUESTED, AUTHORIZED, CAPTURE_REQUESTED, CAPTURED)
    for again in (PLACED, AUTHORIZED):
        collected.when(again).nothing()
    assert collected.when(REQUESTED).words == ["authorise"]  # the outbox knows it: same event, same effect


def test_what_is_known_later_than_it_happened_leads_to_the_same_end() -> None:
    """The capture was told before the authorisation's own answer."""
    early = given_process(PROCESS, PLACED, REQUESTED, told(a.AUTHORIZED, 3), told(a.CAPTURED, 4))
    assert early.after(CAPTURE_REQUESTED).state.stage == "DONE"


def test_three_d_secure_holds_the_stock_for_as_long_as_the_customer_has() -> None:
    until = NOW + timedelta(minutes=30)
    wishes = flat(given_process(PROCESS, PLACED, REQUESTED).when(told(a.ACTION, 3)).wishes)
    extend = ExtendReservation(variant_id=VARIANT_ID, warehouse="main", reservation_id=ORDER_ID, expires_at=until)
    assert Dispatch(extend, f"extend {VARIANT_ID}") in wishes
    assert WakeMe("expire", until) in wishes


def test_an_alarm_from_before_the_extension_means_nothing() -> None:
    waiting = given_process(PROCESS, PLACED, REQUESTED, told(a.ACTION, 3))
    waiting.when(TimeCame(str(ORDER_ID), "expire", an.RESERVED_UNTIL)).nothing()
    late = TimeCame(str(ORDER_ID), "expire", NOW + timedelta(minutes=30))
    assert waiting.when(late).words == ["ExpireOrder", "wake me: ask", "VoidPayment"]


def test_the_provider_is_asked_again_after_5_seconds_then_twice_as_long_up_to_a_minute() -> None:
    asking = given_process(PROCESS, PLACED, REQUESTED)
    message: Message = told(a.UNKNOWN, 3)
    waits, at = [], NOW
    for _ in range(9):
        reaction = asking.when(message)
        (wake,) = (wish for wish in reaction.wishes if isinstance(wish, WakeMe))
        waits.append((wake.at - at).total_seconds())
        asking, at = asking.after(message), wake.at
        message = TimeCame(str(ORDER_ID), wake.name, wake.at)
    assert waits == [5, 10, 20, 40, 60, 60, 60, 60, 60]


def test_asking_uses_the_key_of_the_first_authorisation() -> None:
    wishes = given_process(PROCESS, PLACED, REQUESTED).when(told(a.UNKNOWN, 3)).wishes
    (find,) = (wish for wish in wishes if isinstance(wish, Perform))
    assert (find.kind, find.key) == ("find", f"{REQUESTED.event_id}:authorise")
    assert find.payload["ended"] is False


def test_a_void_that_must_wait_asks_the_provider_once_time_has_passed() -> None:
    ending = given_process(PROCESS, PLACED, REQUESTED, told(an.CANCELLED, 6))
    pending = refusal(VOID, "payment.outcome_pending")
    ending.when(pending).nothing()
    (find,) = ending.after(ask(5)).when(pending).wishes
    assert isinstance(find, Perform)
    assert (find.payload["operation"], find.payload["ended"]) == ("authorise", True)


def test_an_order_that_is_cancelled_during_the_capture_asks_about_the_capture() -> None:
    ending = given_process(PROCESS, PLACED, REQUESTED, AUTHORIZED, CAPTURE_REQUESTED, told(an.CANCELLED, 6), ask(5))
    (find,) = ending.when(refusal(VOID, "payment.outcome_pending")).wishes
    assert isinstance(find, Perform)
    assert find.payload["operation"] == "capture"


def test_money_goes_back_under_one_id_whoever_notices_it() -> None:
    refund_id = derived(PAYMENT_ID, "given back")
    refund = RefundPayment(payment_id=PAYMENT_ID, refund_id=refund_id, reason="order.ended")
    paid = given_process(PROCESS, PLACED, REQUESTED, AUTHORIZED, CAPTURE_REQUESTED, CAPTURED)
    assert paid.when(told(an.CANCELLED, 6)).commands == [refund]
    late = given_process(PROCESS, PLACED, REQUESTED, told(an.CANCELLED, 6))
    assert late.when(CAPTURED).commands[-1] == refund
    assert late.when(refusal(VOID, "payment.already_captured")).commands == [refund]


def test_nothing_left_to_give_back_closes_the_case() -> None:
    paid = given_process(PROCESS, PLACED, REQUESTED, AUTHORIZED, CAPTURE_REQUESTED, CAPTURED, told(an.CANCELLED, 6))
    refund = RefundPayment(payment_id=PAYMENT_ID, refund_id=derived(PAYMENT_ID, "given back"), reason="order.ended")
    assert paid.when(refusal(refund, "payment.exceeds_captured")).nothing().state.stage == "CLOSED"


def test_a_capture_that_fails_three_times_ends_the_order() -> None:
    capturing = given_process(PROCESS, PLACED, REQUESTED, AUTHORIZED, CAPTURE_REQUESTED)
    waits = []
    for number in range(2):
        failed = told(a.CAPTURE_FAILED, 10 + number)
        (wake,) = capturing.when(failed).wishes
        assert isinstance(wake, WakeMe)
        waits.append((wake.at - NOW).total_seconds())
        capturing = capturing.after(failed)
        alarm = TimeCame(str(ORDER_ID), wake.name, wake.at)
        assert capturing.when(alarm).commands == [CapturePayment(payment_id=PAYMENT_ID)]
        capturing = capturing.after(alarm, told(replace(a.CAPTURE_REQUESTED, attempt=number + 2), 20 + number))
    assert waits == [5, 10]
    last = capturing.when(told(a.CAPTURE_FAILED, 30))
    assert last.commands == [
        CancelOrder(order_id=ORDER_ID, reason="payment.capture_failed"),
        VoidPayment(payment_id=PAYMENT_ID, reason="payment.capture_failed"),
    ]


def test_a_capture_whose_outcome_is_unknown_is_asked_about_until_it_is_answered() -> None:
    unknown = given_process(PROCESS, PLACED, REQUESTED, AUTHORIZED, CAPTURE_REQUESTED, told(a.CAPTURE_UNKNOWN, 10))
    assert unknown.when(ask(5)).words == ["find", "wake me: ask"]
    unknown.after(CAPTURED).when(ask(5)).nothing()


def test_a_timer_of_a_question_that_was_answered_means_nothing() -> None:
    answered = given_process(PROCESS, PLACED, REQUESTED, told(a.UNKNOWN, 3), AUTHORIZED, CAPTURE_REQUESTED)
    answered.when(ask(5)).nothing()


@pytest.mark.parametrize(
    "messages",
    [
        (PLACED, PLACED, REQUESTED, AUTHORIZED),
        (PLACED, REQUESTED, PLACED, AUTHORIZED),
    ],
)
def test_starting_twice_starts_once(messages: tuple[Message, ...]) -> None:
    assert given_process(PROCESS, *messages).state == given_process(PROCESS, PLACED, REQUESTED, AUTHORIZED).state


def test_a_refusal_that_cannot_be_explained_parks_the_order() -> None:
    given_process(PROCESS, PLACED).unforeseen(refusal(AuthorizePayment(payment_id=PAYMENT_ID), "payment.unknown"))
