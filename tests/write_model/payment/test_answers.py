"""The provider's answers: once, in any order, and never of another amount than ours."""

from datetime import timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from tests.kit.builders import payment as a
from tests.kit.builders.ids import PAYMENT_ID, an_id
from tests.kit.given import NOW, context, given
from write_model.kernel.refused import Refused
from write_model.payment import refusals
from write_model.payment.commands import (
    CapturePayment,
    PaymentCommand,
    RecordCaptureFailed,
    RecordOutcomeUnknown,
    RecordRefundFailed,
    RecordVoided,
    RecordVoidFailed,
    RetryRefund,
)
from write_model.payment.decider import PAYMENT
from write_model.payment.events import AmountMismatchFound, AuthorizationSucceeded, PaymentEvent, RefundUnknown
from write_model.payment.state import Payment

UNKNOWN = RecordOutcomeUnknown(payment_id=PAYMENT_ID, reason="timeout")
CAPTURE_FAILED = RecordCaptureFailed(payment_id=PAYMENT_ID, reason_code="provider_error")
VOID_FAILED = RecordVoidFailed(payment_id=PAYMENT_ID, reason_code="provider_error")
REFUND_FAILED = RecordRefundFailed(payment_id=PAYMENT_ID, refund_id=a.REFUND_ID, reason_code="provider_error")


def test_each_answer_is_recorded() -> None:
    given(PAYMENT, *a.ASKED).when(a.record_authorized()).then(a.AUTHORIZED)
    given(PAYMENT, *a.ASKED).when(a.record_declined()).then(a.DECLINED)
    given(PAYMENT, *a.ASKED).when(a.record_action()).then(a.ACTION)
    given(PAYMENT, *a.ASKED).when(UNKNOWN).then(a.UNKNOWN)
    given(PAYMENT, *a.HELD, a.CAPTURE_REQUESTED).when(a.record_captured()).then(a.CAPTURED)
    given(PAYMENT, *a.HELD, a.CAPTURE_REQUESTED).when(CAPTURE_FAILED).then(a.CAPTURE_FAILED)
    given(PAYMENT, *a.HELD, a.CAPTURE_REQUESTED).when(UNKNOWN).then(a.CAPTURE_UNKNOWN)
    given(PAYMENT, *a.HELD, a.VOID_REQUESTED).when(a.record_voided()).then(a.VOIDED)
    given(PAYMENT, *a.HELD, a.VOID_REQUESTED).when(VOID_FAILED).then(a.VOID_FAILED)
    given(PAYMENT, *a.TAKEN, a.refund_requested()).when(a.record_refunded()).then(a.refunded())
    given(PAYMENT, *a.TAKEN, a.refund_requested()).when(REFUND_FAILED).then(a.refund_failed())


ANSWERS: list[PaymentCommand] = [
    a.record_authorized(),
    a.record_declined(),
    a.record_action(),
    UNKNOWN,
    CAPTURE_FAILED,
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_comes_after_the_capture_is_older_news(answer: PaymentCommand) -> None:
    given(PAYMENT, *a.TAKEN).when(answer).nothing()


@pytest.mark.parametrize("answer", [a.record_action(), a.record_declined(), a.record_authorized(at=a.LATER)])
def test_an_authorisation_that_stands_is_not_taken_back(answer: PaymentCommand) -> None:
    given(PAYMENT, *a.HELD).when(answer).nothing()


def test_between_answers_of_one_rank_the_providers_time_decides() -> None:
    given(PAYMENT, *a.ASKED, a.DECLINED).when(a.record_authorized(at=a.EARLIER)).nothing()
    given(PAYMENT, *a.ASKED, a.ACTION).when(a.record_declined(at=a.EARLIER)).nothing()
    given(PAYMENT, *a.ASKED, a.DECLINED).when(a.record_action(at=a.LATER)).nothing()


def test_money_that_appears_after_a_decline_is_recorded() -> None:
    late = AuthorizationSucceeded(**a.WHOSE, provider_ref=a.REF, amount_minor=a.AMOUNT, provider_at=a.LATER)
    given(PAYMENT, *a.ASKED, a.DECLINED).when(a.record_authorized(at=a.LATER)).then(late)


def test_money_that_appears_after_the_payment_was_given_up_is_recorded() -> None:
    given_up = given(PAYMENT, a.CREATED).when(a.VOID).facts()
    given(PAYMENT, a.CREATED, *given_up).when(a.record_authorized()).then(a.AUTHORIZED)


@pytest.mark.parametrize("found", [a.AUTHORIZED, a.ACTION])
def test_that_there_was_nothing_to_void_is_older_news_than_what_is_there(found: PaymentEvent) -> None:
    nothing = RecordVoided(payment_id=PAYMENT_ID, provider_ref=None, provider_at=None)
    given_up = given(PAYMENT, *a.ASKED).when(nothing).facts()
    given(PAYMENT, *a.ASKED, found).when(nothing).nothing()
    given(PAYMENT, *a.ASKED, *given_up, found).when(nothing).nothing()
    given(PAYMENT, *a.ASKED, *given_up, found).when(a.VOID).then(a.VOID_REQUESTED)


def test_a_step_for_the_customer_that_appears_after_the_payment_was_given_up_is_voided() -> None:
    given_up = given(PAYMENT, a.CREATED).when(a.VOID).facts()
    given(PAYMENT, a.CREATED, *given_up).when(a.record_action()).then(a.ACTION)
    given(PAYMENT, a.CREATED, *given_up, a.ACTION).when(a.VOID).then(a.VOID_REQUESTED)


def test_what_was_voided_at_the_provider_stays_so() -> None:
    voided = (*a.HELD, a.VOID_REQUESTED, a.VOIDED)
    for answer in (a.record_authorized(at=a.LATER), a.record_captured(), a.record_voided(), VOID_FAILED):
        given(PAYMENT, *voided).when(answer).nothing()


def test_a_capture_that_nobody_here_wished_for_is_money_all_the_same() -> None:
    given(PAYMENT, *a.ASKED).when(a.record_captured()).then(a.AUTHORIZED, a.CAPTURED)
    given(PAYMENT, *a.HELD).when(a.record_captured()).then(a.CAPTURED)
    given(PAYMENT, *a.HELD, a.VOID_REQUESTED).when(a.record_captured()).then(a.CAPTURED)


def test_the_provider_may_let_go_of_an_authorisation_by_itself() -> None:
    given(PAYMENT, *a.HELD).when(a.record_voided()).then(a.VOIDED)
    given(PAYMENT, *a.TAKEN).when(a.record_voided()).nothing()


@pytest.mark.parametrize(("amount", "currency"), [(9900, "USD"), (2499, "USD"), (2500, "EUR")])
def test_another_amount_than_ours_is_found_out(amount: int, currency: str) -> None:
    found = AmountMismatchFound(
        **a.WHOSE, provider_ref=a.REF, expected_minor=a.AMOUNT, found_minor=amount, found_currency=currency
    )
    given(PAYMENT, *a.ASKED).when(a.record_authorized(amount, currency)).then(found)
    given(PAYMENT, *a.ASKED, found).when(a.record_authorized(amount, currency)).nothing()
    given(PAYMENT, *a.ASKED, found).when(a.VOID).then(a.VOID_REQUESTED)


def test_another_captured_amount_is_found_out_and_can_be_given_back() -> None:
    asked = (*a.HELD, a.CAPTURE_REQUESTED)
    outcome = given(PAYMENT, *asked).when(a.record_captured(9900))
    assert [type(event).__name__ for event in outcome.facts()] == ["AmountMismatchFound", "CaptureSucceeded"]
    assert (outcome.state.captured_minor, outcome.state.refundable_minor) == (9900, 9900)
    given(PAYMENT, *asked, *outcome.facts()).when(a.record_captured(9900)).nothing()


def test_a_capture_while_the_payment_is_being_given_up_holds_the_money_first() -> None:
    outcome = given(PAYMENT, *a.ASKED, a.ACTION, a.VOID_REQUESTED).when(a.record_captured())
    assert [type(event).__name__ for event in outcome.facts()] == ["AuthorizationSucceeded", "CaptureSucceeded"]
    assert (outcome.state.authorized_minor, outcome.state.captured_minor) == (a.AMOUNT, a.AMOUNT)


def test_an_answer_about_another_payment_of_the_provider_is_refused() -> None:
    given(PAYMENT, *a.HELD).when(a.record_authorized(ref="pi_2")).refused(refusals.RefDiffers)


def test_the_same_answer_twice_is_one() -> None:
    given(PAYMENT, *a.ASKED, a.UNKNOWN).when(UNKNOWN).nothing()
    given(PAYMENT, *a.ASKED, a.ACTION).when(a.record_action()).nothing()
    done = (*a.TAKEN, a.refund_requested(), a.refunded())
    given(PAYMENT, *done).when(a.record_refunded()).nothing()
    given(PAYMENT, *done).when(REFUND_FAILED).nothing()


def test_a_refund_whose_outcome_is_unknown_keeps_its_claim() -> None:
    facts = (*a.TAKEN, a.refund_requested())
    unknown = RecordOutcomeUnknown(payment_id=PAYMENT_ID, reason="timeout", refund_id=a.REFUND_ID)
    event = RefundUnknown(**a.WHOSE, refund_id=a.REFUND_ID, reason="timeout")
    given(PAYMENT, *facts).when(unknown).then(event)
    given(PAYMENT, *facts, event).when(a.refund(1, an_id("refund", 2))).refused(refusals.ExceedsCaptured, max=0)


def test_a_refund_that_succeeded_after_all_is_recorded_while_its_amount_is_free() -> None:
    failed = (*a.TAKEN, a.refund_requested(), a.refund_failed())
    given(PAYMENT, *failed).when(a.record_refunded()).then(a.refunded())
    given(PAYMENT, *failed, a.refund_requested(1, an_id("refund", 2))).when(a.record_refunded()).refused(
        refusals.ExceedsCaptured, max=a.AMOUNT - 1
    )
    given(PAYMENT, *a.TAKEN, a.refund_requested()).when(a.record_refunded(1)).refused(
        refusals.RefundDiffers, amountMinor=a.AMOUNT
    )


REFUNDS = st.sampled_from([an_id("refund", number) for number in range(4)])
AMOUNTS = st.integers(min_value=-1, max_value=3000)
MOMENTS = st.integers(min_value=-2, max_value=2).map(lambda seconds: NOW + timedelta(seconds=seconds))
WISHES: st.SearchStrategy[PaymentCommand] = st.one_of(
    st.just(a.AUTHORIZE),
    st.builds(CapturePayment, payment_id=st.just(PAYMENT_ID), amount_minor=st.none() | AMOUNTS),
    st.just(a.VOID),
    st.builds(a.refund, st.none() | AMOUNTS, REFUNDS),
    st.builds(RetryRefund, payment_id=st.just(PAYMENT_ID), refund_id=REFUNDS),
    st.builds(a.record_authorized, st.just(a.AMOUNT) | AMOUNTS, st.sampled_from(["USD", "EUR"]), MOMENTS),
    st.builds(a.record_declined, MOMENTS),
    st.builds(a.record_action, MOMENTS),
    st.builds(a.record_captured, st.just(a.AMOUNT) | AMOUNTS),
    st.sampled_from([UNKNOWN, CAPTURE_FAILED, VOID_FAILED]),
    st.builds(a.record_voided),
    st.builds(a.record_refunded, AMOUNTS, REFUNDS),
    st.builds(RecordRefundFailed, payment_id=st.just(PAYMENT_ID), refund_id=REFUNDS, reason_code=st.just("x")),
)


@for_all(st.lists(WISHES, max_size=25))
def test_refunded_is_at_most_captured_and_captured_at_most_authorised_whatever_comes(
    wishes: list[PaymentCommand],
) -> None:
    payment = PAYMENT.fold(PAYMENT.initial, a.JUST_CREATED)
    for wish in wishes:
        payment = PAYMENT.fold(payment, granted(wish, payment))
        assert 0 <= payment.refunded_minor <= payment.captured_minor
        assert payment.captured_minor == 0 or payment.captured_minor <= payment.authorized_minor
        assert payment.refundable_minor >= 0


def granted(wish: PaymentCommand, payment: Payment) -> list[PaymentEvent]:
    try:
        return list(PAYMENT.decide(wish, payment, context()))
    except Refused:
        return []
