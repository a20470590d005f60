"""A refund that was agreed to is made at the provider, and its order hears of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from processes.running.messages import (
    Dispatch,
    Message,
    Perform,
    Process,
    Refusal,
    TimeCame,
    Unforeseen,
    WakeMe,
    Wish,
)
from write_model.kernel.message import Envelope
from write_model.order.commands import RecordRefundCompleted
from write_model.order.commands import RecordRefundFailed as TellFailed
from write_model.payment.commands import RetryRefund
from write_model.payment.events import RefundFailed, RefundRequested, RefundSucceeded, RefundUnknown

REFUND = "refund"  # kind of the effect
ASK, AGAIN = "ask", "again"  # names of timers
ASK_FIRST, ASK_LONGEST = timedelta(seconds=5), timedelta(minutes=1)
TRIES = 3
AGAIN_FIRST = timedelta(minutes=1)  # after the first failure, doubling
NONE, REQUESTED, UNKNOWN, WAITING, DONE, FAILED = "NONE", "REQUESTED", "UNKNOWN", "WAITING", "DONE", "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunding:
    stage: str = NONE
    refund_id: UUID | None = None
    payment_id: UUID | None = None
    order_id: UUID | None = None
    amount_minor: int = 0
    provider_ref: str = ""
    effect_key: str = ""  # the provider's idempotency key of this attempt
    tries: int = 0
    asks: int = 0
    reason_code: str = ""


Next = tuple[Refunding, Sequence[Wish]]


def key(envelope: Envelope[Any]) -> str | None:
    """One row per refund."""
    return str(envelope.event.refund_id)


def react(state: Refunding, message: Message) -> Next:
    match message:
        case TimeCame():
            return alarmed(state, message)
        case Refusal():
            return refused(state, message)
    match message.event:
        case RefundRequested() as event:
            return requested(state, event, f"{message.event_id}:{REFUND}")
        case _ if state.stage == NONE:
            return state, []
        case RefundSucceeded() as event:
            return succeeded(state, event)
        case RefundFailed() as event:
            return failed(state, event, message.effective_at)
        case RefundUnknown():
            if state.stage != REQUESTED:
                return state, []
            return replace(state, stage=UNKNOWN, asks=1), [_ask(state, message.effective_at)]
        case _:
            return state, []


def requested(state: Refunding, event: RefundRequested, effect_key: str) -> Next:
    """Each attempt has a key of its own: the one before it has failed for certain."""
    if state.stage == DONE:
        return state, []
    begun = Refunding(
        stage=REQUESTED,
        refund_id=event.refund_id,
        payment_id=event.payment_id,
        order_id=event.order_id,
        amount_minor=event.amount_minor,
        provider_ref=event.provider_ref,
        effect_key=effect_key,
        tries=event.attempt,
    )
    return begun, [_perform(begun)]


def succeeded(state: Refunding, event: RefundSucceeded) -> Next:
    if state.stage == DONE:
        return state, []
    record = RecordRefundCompleted(
        order_id=event.order_id,
        payment_id=event.payment_id,
        refund_id=event.refund_id,
        amount_minor=event.amount_minor,
    )
    return replace(state, stage=DONE), [Dispatch(record, "record")]


def failed(state: Refunding, event: RefundFailed, at: datetime) -> Next:
    if state.stage not in (REQUESTED, UNKNOWN):
        return state, []
    waiting = replace(state, stage=WAITING, asks=0, reason_code=event.reason_code)
    if state.tries < TRIES:
        return waiting, [WakeMe(AGAIN, at + AGAIN_FIRST * 2.0 ** (state.tries - 1))]
    return given_up(waiting)


def given_up(state: Refunding) -> Next:
    """The order says so; the claim on the captured amount is free again."""
    if state.order_id is None or state.payment_id is None or state.refund_id is None:
        raise Unforeseen("the refund has not been seen")
    tell = TellFailed(
        order_id=state.order_id,
        payment_id=state.payment_id,
        refund_id=state.refund_id,
        amount_minor=state.amount_minor,
        reason_code=state.reason_code,
    )
    return replace(state, stage=FAILED), [Dispatch(tell, "tell failed")]


def alarmed(state: Refunding, alarm: TimeCame) -> Next:
    if (alarm.name, state.stage) == (ASK, UNKNOWN):
        # The same key: the provider answers with what it did, or does it now.
        return replace(state, asks=state.asks + 1), [_perform(state), _ask(state, alarm.at)]
    if (alarm.name, state.stage) != (AGAIN, WAITING) or state.payment_id is None or state.refund_id is None:
        return state, []
    again = RetryRefund(payment_id=state.payment_id, refund_id=state.refund_id)
    return state, [Dispatch(again, "again")]


def refused(state: Refunding, refusal: Refusal) -> Next:
    if refusal.wish.key == "again" and refusal.code == "payment.exceeds_captured":
        return given_up(replace(state, reason_code=refusal.code))  # somebody else was given the amount
    raise Unforeseen(f"{type(refusal.wish.command).__name__} was refused: {refusal.code}")


def _perform(state: Refunding) -> Perform:
    payload = {
        "payment_id": str(state.payment_id),
        "refund_id": str(state.refund_id),
        "ref": state.provider_ref,
        "amount_minor": state.amount_minor,
    }
    return Perform(REFUND, state.effect_key, payload)


def _ask(state: Refunding, now: datetime) -> WakeMe:
    return WakeMe(ASK, now + min(ASK_LONGEST, ASK_FIRST * 2.0 ** min(state.asks, 10)))


PROCESS: Process[Refunding] = Process(
    name="refund_payment",
    version=1,
    handles=(RefundRequested, RefundSucceeded, RefundFailed, RefundUnknown),
    key=key,
    initial=Refunding(),
    react=react,
    state=Refunding,
)
