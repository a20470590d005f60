"""An order's money is collected: authorised, confirmed together with the stock, captured; and given back when it ends.

The table of every message in every stage is tests/processes/collect_payment/table.py.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from processes.collect_payment import answers
from processes.collect_payment import wishes as wish
from processes.collect_payment.event_types import MEANT
from processes.collect_payment.refusals import refused
from processes.collect_payment.state import (
    AUTHORISING,
    CLOSED,
    DONE,
    ENDED,
    NONE,
    OPEN,
    REFUNDING,
    VOIDING,
    Collecting,
)
from processes.collect_payment.told import meant
from processes.running.messages import Dispatch, Message, Process, Refusal, TimeCame, WakeMe, Wish
from write_model.kernel.message import Envelope
from write_model.order.events import OrderCancelled, OrderExpired, OrderPlaced
from write_model.payment import events as payment
from write_model.payment.commands import AuthorizePayment, CapturePayment
from write_model.provider_event.events import ProviderEventRecorded

Next = tuple[Collecting, Sequence[Wish]]

HANDLES = (
    OrderPlaced,
    OrderCancelled,
    OrderExpired,
    payment.AuthorizationRequested,
    payment.AuthorizationSucceeded,
    payment.AuthorizationFailed,
    payment.AuthorizationActionRequired,
    payment.AuthorizationUnknown,
    payment.CaptureRequested,
    payment.CaptureSucceeded,
    payment.CaptureFailed,
    payment.CaptureUnknown,
    payment.VoidRequested,
    payment.PaymentVoided,
    payment.VoidFailed,
    payment.RefundSucceeded,
    payment.AmountMismatchFound,
    ProviderEventRecorded,
)


def key(envelope: Envelope[Any]) -> str | None:
    """One row per order. What a provider says of no order of ours, or of no payment, concerns nobody here."""
    event = envelope.event
    if event.order_id is None or (isinstance(event, ProviderEventRecorded) and event.type not in MEANT):
        return None
    return str(event.order_id)


def react(state: Collecting, message: Message) -> Next:
    match message:
        case TimeCame():
            return alarmed(state, message)
        case Refusal():
            return refused(state, message)
        case Envelope(event=OrderPlaced() as placed):
            return order_placed(state, placed)
    if state.stage == NONE:
        return state, []  # an order without a payment of ours
    match message.event:
        case OrderCancelled() | OrderExpired():
            return order_ended(state, message)
        case ProviderEventRecorded() as said:
            return state, [Dispatch(command, "provider") for command in meant(state, said)]
        case payment.AuthorizationRequested() | payment.CaptureRequested() | payment.VoidRequested():
            return answers.requested(state, message)
        case payment.AuthorizationSucceeded():
            return answers.authorised(state, message)
        case payment.AuthorizationFailed() as event:
            return answers.declined(state, event)
        case payment.AuthorizationActionRequired():
            return answers.action_required(state, message)
        case payment.AuthorizationUnknown():
            return answers.outcome_unknown(state, message)
        case payment.CaptureSucceeded() as event:
            return answers.captured(state, event)
        case payment.CaptureFailed() | payment.CaptureUnknown():
            return answers.not_captured(state, message)
        case payment.PaymentVoided():
            return answers.voided(state)
        case payment.VoidFailed():
            return answers.not_voided(state, message)
        case payment.RefundSucceeded():
            return (replace(state, stage=CLOSED), []) if state.stage == REFUNDING else (state, [])
        case payment.AmountMismatchFound():
            cancel = wish.cancel(state, wish.MISMATCH)
            return replace(state, stage=VOIDING), [cancel, wish.void(state, wish.MISMATCH)]
        case _:
            return state, []


def order_placed(state: Collecting, placed: OrderPlaced) -> Next:
    if state.stage != NONE:
        return state, []
    begun = Collecting(
        stage=AUTHORISING if placed.totals.total_minor else CLOSED,
        order_id=placed.order_id,
        payment_id=placed.payment_id,
        amount_minor=placed.totals.total_minor,
        currency=placed.totals.currency,
        method=placed.payment_method,
        on_shipment=placed.capture_policy == "on_shipment",
        reservations=placed.reservations,
        expires_at=placed.reserved_until,
    )
    if begun.stage == CLOSED:
        return begun, []  # nothing to pay: confirmed as it was placed
    authorise = Dispatch(AuthorizePayment(payment_id=placed.payment_id), "authorise")
    return begun, [WakeMe(wish.EXPIRE, placed.reserved_until), authorise]


def order_ended(state: Collecting, message: Envelope[Any]) -> Next:
    if state.stage in ENDED:
        return state, []
    if state.stage == DONE:
        return replace(state, stage=REFUNDING), [wish.give_back(state)]
    ending = replace(state, stage=VOIDING, asks=0)
    return ending, [WakeMe(wish.ASK, message.effective_at + wish.ASK_FIRST), wish.void(state, "order.ended")]


def alarmed(state: Collecting, alarm: TimeCame) -> Next:
    """Never cancelled: an alarm of a stage that is over means nothing."""
    match alarm.name, state.stage:
        case (wish.EXPIRE, stage) if stage in OPEN and (state.expires_at is None or alarm.at >= state.expires_at):
            ending = replace(state, stage=VOIDING, asks=0)
            later = WakeMe(wish.ASK, alarm.at + wish.ASK_FIRST)
            return ending, [wish.expire(state, wish.TIME), later, wish.void(state, wish.TIME)]
        case (wish.ASK, "UNKNOWN"):
            asking = replace(state, asks=state.asks + 1)
            return asking, [wish.find(state, wish.AUTHORISE, ended=False), wish.ask_later(state, alarm.at)]
        case (wish.ASK, "CAPTURING") if state.capturing and state.asks:
            asking = replace(state, asks=state.asks + 1)
            return asking, [wish.find(state, wish.CAPTURE, ended=False), wish.ask_later(state, alarm.at)]
        case (wish.ASK, "VOIDING"):
            return replace(state, asks=state.asks + 1), [wish.ask_later(state, alarm.at), wish.void(state, "asked")]
        case (wish.CAPTURE_AGAIN, "CAPTURING") if not state.capturing:
            _, payment_id = wish.ids(state)
            return state, [Dispatch(CapturePayment(payment_id=payment_id), "capture")]
        case _:
            return state, []


PROCESS: Process[Collecting] = Process(
    name="collect_payment",
    version=1,
    handles=HANDLES,
    key=key,
    initial=Collecting(),
    react=react,
    state=Collecting,
)
