"""Every message in every stage of collecting an order's money leads where the table says."""

import pytest

from processes.collect_payment.process import HANDLES, PROCESS, key
from processes.collect_payment.state import Collecting
from processes.running.messages import Message, Refusal
from processes.running.states import decode, encode
from tests.kit.builders import order as an
from tests.kit.builders.ids import ORDER_ID, PAYMENT_ID
from tests.kit.given_process import given_process, refusal, told
from tests.processes.collect_payment.table import HELD_SAID, PLACED, RECORD, SAME, STAGES, TABLE, VOID, said
from write_model.checkout.commands import CancelOrder
from write_model.payment.commands import CapturePayment, RefundPayment


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("message", TABLE)
def test_every_message_in_every_stage_leads_where_the_table_says(message: str, stage: str) -> None:
    heard, row = TABLE[message]
    begun = given_process(PROCESS, *STAGES[stage])
    assert begun.state.stage == stage
    expected = row.get(stage, SAME)
    if stage == "NONE" and row and isinstance(heard, Refusal):
        begun.unforeseen(heard)  # nothing has been wished for yet
        return

    reaction = begun.when(heard)

    if expected == SAME:
        assert reaction.nothing().state.stage == stage
        return
    next_stage, wishes = expected.format(stage).split(": ", 1)
    assert reaction.state.stage == next_stage
    assert ", ".join(reaction.words) == wishes


def test_the_table_has_every_event_that_is_handled() -> None:
    in_table = {type(message.event) for message, _ in TABLE.values() if hasattr(message, "event")}
    assert in_table == set(HANDLES)


def test_an_order_that_costs_nothing_needs_no_money() -> None:
    free = given_process(PROCESS).when(told(an.placed(total=0)))
    assert free.nothing().state.stage == "CLOSED"


@pytest.mark.parametrize(
    "unknown",
    [
        refusal(RECORD, "order.unknown"),
        refusal(VOID, "payment.unknown"),
        refusal(RefundPayment(payment_id=PAYMENT_ID, refund_id=ORDER_ID, reason="x"), "payment.unknown"),
        refusal(CancelOrder(order_id=ORDER_ID, reason="x"), "checkout.already_shipped"),
    ],
)
def test_a_refusal_that_cannot_be_explained_parks_the_order(unknown: Message) -> None:
    given_process(PROCESS, *STAGES["CAPTURING"]).unforeseen(unknown)


def test_a_wish_of_a_provider_that_is_refused_changes_nothing() -> None:
    provider = refusal(CapturePayment(payment_id=PAYMENT_ID), "payment.ref_differs", key="provider")
    given_process(PROCESS, *STAGES["DONE"]).when(provider).nothing()


def test_each_order_has_a_row_of_its_own_and_what_is_about_none_has_none() -> None:
    assert key(PLACED) == str(ORDER_ID)
    assert key(told(HELD_SAID)) == str(ORDER_ID)
    assert key(told(said("charge.refunded"))) is None


def test_the_state_survives_its_row() -> None:
    for messages in STAGES.values():
        state = given_process(PROCESS, *messages).state
        assert isinstance(state, Collecting)
        assert decode(PROCESS, encode(PROCESS, None, state)) == (None, state)
