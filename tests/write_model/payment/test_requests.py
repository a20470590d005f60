"""What may be asked of the provider: never more than was authorised or captured, whoever asks at once."""

import pytest

from tests.kit.builders import payment as a
from tests.kit.builders.ids import ORDER_ID, PAYMENT_ID, an_id
from tests.kit.given import given
from write_model.payment import refusals
from write_model.payment.commands import (
    AdoptPayment,
    CapturePayment,
    CreatePayment,
    RecordRefundFailed,
    RetryRefund,
    VoidPayment,
)
from write_model.payment.decider import PAYMENT
from write_model.payment.events import CaptureRequested, PaymentAdopted, PaymentEvent, PaymentVoided, VoidRequested
from write_model.payment.public import answer


def create(amount: int = a.AMOUNT, method: str = a.METHOD, policy: str = "on_confirmation") -> CreatePayment:
    return CreatePayment(**a.WHOSE, amount_minor=amount, currency="USD", method=method, capture_policy=policy)


def adopt(amount: int = 0, kind: str = "voucher") -> AdoptPayment:
    return AdoptPayment(**a.WHOSE, sequence=1, type=kind, instalments=0, amount_minor=amount, currency="BRL")


def test_a_payment_is_created_with_its_order() -> None:
    given(PAYMENT).when(create()).then(a.CREATED)


def test_a_payment_is_created_once() -> None:
    given(PAYMENT, a.CREATED).when(create()).refused(refusals.AlreadyThere, state="CREATED")


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_not_paid(amount: int) -> None:
    given(PAYMENT).when(create(amount)).refused(refusals.AmountInvalid, min=1)


def test_a_payment_needs_a_method_and_a_known_policy() -> None:
    policies = ["on_confirmation", "on_shipment"]
    given(PAYMENT).when(create(method="")).refused(refusals.MethodInvalid, policies=policies)
    given(PAYMENT).when(create(policy="later")).refused(refusals.MethodInvalid, policies=policies)


def test_the_whole_amount_is_asked_for_once() -> None:
    given(PAYMENT, a.CREATED).when(a.AUTHORIZE).then(a.REQUESTED)
    for facts in (a.ASKED, a.HELD, a.TAKEN, (*a.ASKED, a.UNKNOWN), (*a.ASKED, a.ACTION)):
        given(PAYMENT, *facts).when(a.AUTHORIZE).nothing()


def test_a_declined_payment_is_not_asked_for_again() -> None:
    given(PAYMENT, *a.ASKED, a.DECLINED).when(a.AUTHORIZE).refused(
        refusals.WrongState, state="FAILED", allowed=["CREATED"]
    )


def test_what_is_authorised_is_captured() -> None:
    given(PAYMENT, *a.HELD).when(a.CAPTURE).then(a.CAPTURE_REQUESTED)


def test_less_may_be_captured_but_never_more() -> None:
    part = CapturePayment(payment_id=PAYMENT_ID, amount_minor=100)
    too_much = CapturePayment(payment_id=PAYMENT_ID, amount_minor=a.AMOUNT + 1)
    given(PAYMENT, *a.HELD).when(part).then(
        CaptureRequested(**a.WHOSE, provider_ref=a.REF, attempt=1, amount_minor=100)
    )
    given(PAYMENT, *a.HELD).when(too_much).refused(refusals.ExceedsAuthorized, max=a.AMOUNT)
    given(PAYMENT, *a.HELD).when(CapturePayment(payment_id=PAYMENT_ID, amount_minor=0)).refused(
        refusals.AmountInvalid, min=1
    )


@pytest.mark.parametrize("facts", [(*a.HELD, a.CAPTURE_REQUESTED), a.TAKEN])
def test_of_captures_that_are_wished_at_once_one_is_granted(facts: tuple[PaymentEvent, ...]) -> None:
    given(PAYMENT, *facts).when(a.CAPTURE).refused(refusals.ExceedsAuthorized, max=0)


def test_a_capture_that_failed_may_be_wished_again() -> None:
    again = CaptureRequested(**a.WHOSE, provider_ref=a.REF, attempt=2, amount_minor=a.AMOUNT)
    given(PAYMENT, *a.HELD, a.CAPTURE_REQUESTED, a.CAPTURE_FAILED).when(a.CAPTURE).then(again)


@pytest.mark.parametrize("facts", [a.JUST_CREATED, a.ASKED, (*a.HELD, a.VOID_REQUESTED), (*a.ASKED, a.DECLINED)])
def test_what_is_not_held_is_not_captured(facts: tuple[PaymentEvent, ...]) -> None:
    state = given(PAYMENT, *facts).state.status
    given(PAYMENT, *facts).when(a.CAPTURE).refused(refusals.WrongState, state=state, allowed=["AUTHORIZED"])


def test_what_is_held_is_given_back_once() -> None:
    given(PAYMENT, *a.HELD).when(a.VOID).then(a.VOID_REQUESTED)
    given(PAYMENT, *a.HELD, a.VOID_REQUESTED).when(a.VOID).nothing()
    given(PAYMENT, *a.HELD, a.VOID_REQUESTED, a.VOIDED).when(a.VOID).nothing()


def test_a_void_that_failed_may_be_wished_again() -> None:
    again = VoidRequested(**a.WHOSE, provider_ref=a.REF, attempt=2)
    given(PAYMENT, *a.HELD, a.VOID_REQUESTED, a.VOID_FAILED).when(a.VOID).then(again)


def test_what_was_never_asked_for_is_void_at_once() -> None:
    given(PAYMENT, a.CREATED).when(a.VOID).then(PaymentVoided(**a.WHOSE, provider_ref=None, provider_at=None))


@pytest.mark.parametrize("facts", [a.ASKED, (*a.ASKED, a.UNKNOWN), (*a.HELD, a.CAPTURE_REQUESTED)])
def test_what_the_provider_may_be_doing_is_awaited_before_a_void(facts: tuple[PaymentEvent, ...]) -> None:
    state = given(PAYMENT, *facts).state.status
    given(PAYMENT, *facts).when(a.VOID).refused(refusals.OutcomePending, state=state)


def test_money_that_has_moved_is_refunded_not_voided() -> None:
    given(PAYMENT, *a.TAKEN).when(a.VOID).refused(refusals.AlreadyCaptured, capturedMinor=a.AMOUNT)


def test_all_that_is_left_is_refunded_when_no_amount_is_named() -> None:
    given(PAYMENT, *a.TAKEN).when(a.refund()).then(a.refund_requested())
    first = a.refund_requested(1000)
    given(PAYMENT, *a.TAKEN, first).when(a.refund(refund_id=an_id("refund", 2))).then(
        a.refund_requested(1500, an_id("refund", 2))
    )


def test_a_refund_that_is_only_requested_claims_its_amount() -> None:
    facts = (*a.TAKEN, a.refund_requested(2000))
    given(PAYMENT, *facts).when(a.refund(501, an_id("refund", 2))).refused(refusals.ExceedsCaptured, max=500)
    given(PAYMENT, *facts).when(a.refund(500, an_id("refund", 2))).then(a.refund_requested(500, an_id("refund", 2)))


def test_a_refund_that_failed_gives_its_claim_back() -> None:
    facts = (*a.TAKEN, a.refund_requested(2000), a.refund_failed(2000))
    given(PAYMENT, *facts).when(a.refund(a.AMOUNT, an_id("refund", 2))).then(
        a.refund_requested(a.AMOUNT, an_id("refund", 2))
    )


def test_nothing_is_refunded_of_what_was_not_captured() -> None:
    for facts in (a.JUST_CREATED, a.HELD, (*a.HELD, a.CAPTURE_REQUESTED)):
        given(PAYMENT, *facts).when(a.refund()).refused(refusals.ExceedsCaptured, max=0)
        given(PAYMENT, *facts).when(a.refund(1)).refused(refusals.ExceedsCaptured, max=0)


def test_the_same_refund_twice_is_one() -> None:
    given(PAYMENT, *a.TAKEN, a.refund_requested(100)).when(a.refund(100)).nothing()
    given(PAYMENT, *a.TAKEN, a.refund_requested(100)).when(a.refund(200)).refused(
        refusals.RefundDiffers, amountMinor=100
    )
    given(PAYMENT, *a.TAKEN).when(a.refund(0)).refused(refusals.AmountInvalid, min=1)


def test_of_fifty_refunds_as_many_are_granted_as_the_captured_amount_allows() -> None:
    state = given(PAYMENT, *a.TAKEN).state
    granted = 0
    for number in range(50):
        try:
            events = PAYMENT.decide(a.refund(300, an_id("refund", number)), state, None)  # type: ignore[arg-type]
        except refusals.ExceedsCaptured:
            continue
        granted += 1
        state = PAYMENT.fold(state, events)
    assert (granted, state.refundable_minor) == (8, 100)


def test_a_failed_refund_is_tried_again_while_its_amount_is_free() -> None:
    failed = (*a.TAKEN, a.refund_requested(2000), a.refund_failed(2000))
    retry = RetryRefund(payment_id=PAYMENT_ID, refund_id=a.REFUND_ID)
    given(PAYMENT, *failed).when(retry).then(a.refund_requested(2000, attempt=2))
    given(PAYMENT, *failed, a.refund_requested(600, an_id("refund", 2))).when(retry).refused(
        refusals.ExceedsCaptured, max=1900
    )
    given(PAYMENT, *a.TAKEN, a.refund_requested()).when(retry).nothing()
    given(PAYMENT, *a.TAKEN).when(retry).refused(refusals.RefundMissing, refundId=str(a.REFUND_ID))


def test_a_payment_of_another_system_is_taken_over_verbatim() -> None:
    adopted = PaymentAdopted(**a.WHOSE, sequence=1, type="voucher", instalments=0, amount_minor=0, currency="BRL")
    given(PAYMENT).when(adopt()).then(adopted)
    given(PAYMENT, adopted).when(adopt()).nothing()
    given(PAYMENT, adopted).when(adopt(5)).refused(refusals.AlreadyThere, state="ADOPTED")
    given(PAYMENT).when(adopt(-1)).refused(refusals.AmountInvalid, min=0)
    given(PAYMENT).when(adopt(kind="gold")).refused(
        refusals.MethodInvalid, allowed=["credit_card", "boleto", "voucher", "debit_card", "not_defined"]
    )


def test_money_that_another_system_took_is_not_refunded_here() -> None:
    adopted = PaymentAdopted(**a.WHOSE, sequence=1, type="boleto", instalments=1, amount_minor=500, currency="BRL")
    given(PAYMENT, adopted).when(a.refund()).refused(refusals.WrongState, state="ADOPTED", allowed=["CAPTURED"])


def test_a_payment_that_does_not_exist_can_do_nothing() -> None:
    refund_failed = RecordRefundFailed(payment_id=PAYMENT_ID, refund_id=a.REFUND_ID, reason_code="x")
    void = VoidPayment(payment_id=PAYMENT_ID, reason="x")
    for wish in (a.AUTHORIZE, a.CAPTURE, void, a.refund(), a.record_authorized(), refund_failed):
        given(PAYMENT).when(wish).refused(refusals.Missing)


def test_the_answer_says_what_may_still_be_refunded() -> None:
    body = answer(given(PAYMENT, *a.TAKEN, a.refund_requested(1000), a.refunded(1000)).state)
    assert body == {
        "id": str(PAYMENT_ID),
        "orderId": str(ORDER_ID),
        "status": "CAPTURED",
        "currency": "USD",
        "amountMinor": 2500,
        "authorizedMinor": 2500,
        "capturedMinor": 2500,
        "refundedMinor": 1000,
        "refundableMinor": 1500,
        "refunds": [{"id": str(a.REFUND_ID), "status": "SUCCEEDED", "amountMinor": 1000}],
    }
