"""A refund: made once, asked about when unknown, tried three times, and told to its order."""

from dataclasses import replace
from datetime import timedelta

from processes.refund_payment.process import PROCESS, key
from processes.running.messages import Dispatch, Perform, TimeCame, WakeMe
from processes.running.states import decode, encode
from tests.kit.builders import payment as a
from tests.kit.builders.ids import CUSTOMER_ID, ORDER_ID, PAYMENT_ID
from tests.kit.given import NOW
from tests.kit.given_process import given_process, refusal, told
from write_model.order.commands import RecordRefundCompleted, RecordRefundFailed
from write_model.payment.commands import RetryRefund
from write_model.payment.events import RefundUnknown

REQUESTED = told(a.refund_requested(), 1)
UNKNOWN = told(
    RefundUnknown(
        payment_id=PAYMENT_ID, order_id=ORDER_ID, customer_id=CUSTOMER_ID, refund_id=a.REFUND_ID, reason="timeout"
    ),
    2,
)
SUCCEEDED, FAILED = told(a.refunded(), 3), told(a.refund_failed(), 3)
EFFECT = Perform(
    "refund",
    f"{REQUESTED.event_id}:refund",
    {
        "payment_id": str(PAYMENT_ID),
        "refund_id": str(a.REFUND_ID),
        "ref": a.REF,
        "amount_minor": a.AMOUNT,
    },
)
RETRY = RetryRefund(payment_id=PAYMENT_ID, refund_id=a.REFUND_ID)
TOLD_FAILED = RecordRefundFailed(
    order_id=ORDER_ID,
    payment_id=PAYMENT_ID,
    refund_id=a.REFUND_ID,
    amount_minor=a.AMOUNT,
    reason_code="provider_error",
)


def alarm(name: str, **after: float) -> TimeCame:
    return TimeCame(str(a.REFUND_ID), name, NOW + timedelta(**after))


def test_a_refund_is_made_at_the_provider_and_its_order_hears_of_it() -> None:
    given_process(PROCESS).when(REQUESTED).then(EFFECT)
    completed = RecordRefundCompleted(
        order_id=ORDER_ID, payment_id=PAYMENT_ID, refund_id=a.REFUND_ID, amount_minor=a.AMOUNT
    )
    given_process(PROCESS, REQUESTED).when(SUCCEEDED).then(Dispatch(completed, "record"))


def test_a_refund_that_succeeded_is_told_once() -> None:
    done = given_process(PROCESS, REQUESTED, SUCCEEDED)
    done.when(SUCCEEDED).nothing()
    done.when(REQUESTED).nothing()
    done.when(FAILED).nothing()


def test_an_unknown_outcome_is_asked_with_the_same_key() -> None:
    given_process(PROCESS, REQUESTED).when(UNKNOWN).then(WakeMe("ask", NOW + timedelta(seconds=5)))
    asked = given_process(PROCESS, REQUESTED, UNKNOWN).when(alarm("ask", seconds=5))
    asked.then(EFFECT, WakeMe("ask", NOW + timedelta(seconds=15)))
    given_process(PROCESS, REQUESTED, UNKNOWN).after(SUCCEEDED).when(alarm("ask", seconds=5)).nothing()


def test_a_refund_whose_provider_is_away_for_long_is_asked_for_every_minute_at_most() -> None:
    refunding, now = given_process(PROCESS, REQUESTED, UNKNOWN), NOW
    for wait in (10, 20, 40, 60, 60):
        now += timedelta(seconds=1)
        rung = TimeCame(str(a.REFUND_ID), "ask", now)
        refunding.when(rung).then(EFFECT, WakeMe("ask", now + timedelta(seconds=wait)))
        refunding = refunding.after(rung)


def test_a_failed_refund_is_tried_three_times_then_its_order_hears_of_it() -> None:
    first = given_process(PROCESS, REQUESTED)
    first.when(FAILED).then(WakeMe("again", NOW + timedelta(minutes=1)))
    waiting = first.after(FAILED)
    waiting.when(alarm("again", minutes=1)).then(Dispatch(RETRY, "again"))
    third = waiting.after(told(a.refund_requested(attempt=2), 10), told(a.refund_failed(), 11)).after(
        told(a.refund_requested(attempt=3), 20)
    )
    given_up = third.when(told(a.refund_failed(), 21)).then(Dispatch(TOLD_FAILED, "tell failed"))
    assert given_up.state.stage == "FAILED"


def test_each_attempt_has_a_key_of_its_own() -> None:
    second = told(a.refund_requested(attempt=2), 10)
    (effect,) = given_process(PROCESS, REQUESTED, FAILED).when(second).wishes
    assert isinstance(effect, Perform)
    assert effect.key == f"{second.event_id}:refund"


def test_an_operator_may_try_once_more_after_the_last_failure() -> None:
    failed = given_process(PROCESS, told(a.refund_requested(attempt=3), 1), FAILED)
    assert failed.state.stage == "FAILED"
    assert failed.when(told(a.refund_requested(attempt=4), 40)).words == ["refund"]


def test_a_retry_whose_amount_is_gone_ends_the_refund() -> None:
    waiting = given_process(PROCESS, REQUESTED, FAILED)
    gone = waiting.when(refusal(RETRY, "payment.exceeds_captured", key="again"))
    gone.then(Dispatch(replace(TOLD_FAILED, reason_code="payment.exceeds_captured"), "tell failed"))


def test_an_alarm_that_comes_too_late_means_nothing() -> None:
    given_process(PROCESS, REQUESTED, FAILED, told(a.refund_requested(attempt=2), 10)).when(
        alarm("again", minutes=1)
    ).nothing()


def test_an_answer_before_the_request_is_no_concern() -> None:
    given_process(PROCESS).when(SUCCEEDED).nothing()
    given_process(PROCESS).when(UNKNOWN).nothing()


def test_other_refusals_park_the_refund() -> None:
    given_process(PROCESS, REQUESTED).unforeseen(refusal(RETRY, "payment.unknown"))


def test_each_refund_has_a_row_of_its_own_that_survives_its_state() -> None:
    assert key(REQUESTED) == str(a.REFUND_ID)
    state = given_process(PROCESS, REQUESTED, UNKNOWN).state
    assert decode(PROCESS, encode(PROCESS, None, state)) == (None, state)
