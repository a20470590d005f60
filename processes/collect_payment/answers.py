"""The payment's answers, and what the order hears of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from processes.collect_payment import wishes as wish
from processes.collect_payment.state import (
    ACTION,
    CAPTURING,
    CLOSED,
    DONE,
    ENDED,
    HELD,
    OPEN,
    REFUNDING,
    UNKNOWN,
    VOIDING,
    Collecting,
)
from processes.running.messages import Dispatch, Perform, WakeMe, Wish
from write_model.checkout.commands import ConfirmOrder
from write_model.kernel.message import Envelope
from write_model.order.commands import (
    RecordPaymentActionRequired,
    RecordPaymentAuthorized,
    RecordPaymentCaptured,
    RecordPaymentDeclined,
    RecordPaymentOutcomeUnknown,
    RecordPaymentVoided,
)
from write_model.payment import events as payment
from write_model.payment.commands import CapturePayment
from write_model.stock.commands import ExtendReservation

CUSTOMER_HAS = timedelta(minutes=30)  # for 3-D Secure
CAPTURES = 3  # tries before the order is given up
CAPTURE_WAIT = timedelta(seconds=5)  # after the first failure, doubling
Next = tuple[Collecting, Sequence[Wish]]


def requested(state: Collecting, message: Envelope[Any]) -> Next:
    """The payment agreed: now the provider is asked, under a key that was stored with the request."""
    event = message.event
    payload: dict[str, object] = {"payment_id": str(event.payment_id)}
    match event:
        case payment.AuthorizationRequested():
            effect_key = f"{message.event_id}:{wish.AUTHORISE}"
            payload |= {
                "order_id": str(event.order_id),
                "amount_minor": event.amount_minor,
                "currency": event.currency,
                "method": event.method,
            }
            return replace(state, authorise_key=effect_key), [Perform(wish.AUTHORISE, effect_key, payload)]
        case payment.CaptureRequested():
            payload |= {"ref": event.provider_ref, "amount_minor": event.amount_minor}
            stage = CAPTURING if state.stage == HELD else state.stage
            effect = Perform(wish.CAPTURE, f"{message.event_id}:{wish.CAPTURE}", payload)
            return replace(state, stage=stage, capturing=True), [effect]
        case _:
            payload |= {"ref": event.provider_ref}
            return state, [Perform(wish.VOID, f"{message.event_id}:{wish.VOID}", payload)]


def authorised(state: Collecting, message: Envelope[payment.AuthorizationSucceeded]) -> Next:
    if state.stage in ENDED:
        return replace(state, stage=VOIDING), [wish.void(state, "order.ended")]  # late money
    if state.stage not in OPEN:
        return state, []
    order_id, payment_id = wish.ids(state)
    amount = message.event.amount_minor
    record = RecordPaymentAuthorized(order_id=order_id, payment_id=payment_id, amount_minor=amount)
    capture = Dispatch(CapturePayment(payment_id=payment_id), "capture")
    after = () if state.on_shipment else (capture,)
    confirm = Dispatch(ConfirmOrder(order_id=order_id), "confirm", then=after)
    stage = HELD if state.on_shipment else CAPTURING
    return replace(state, stage=stage, asks=0), [Dispatch(record, "record", then=(confirm,))]


def declined(state: Collecting, event: payment.AuthorizationFailed) -> Next:
    if state.stage == VOIDING:
        return replace(state, stage=CLOSED), []  # nothing is there to give back
    if state.stage not in OPEN:
        return state, []
    order_id, payment_id = wish.ids(state)
    record = RecordPaymentDeclined(order_id=order_id, payment_id=payment_id, decline_code=event.decline_code)
    cancel = wish.cancel(state, wish.DECLINED, event.decline_code)
    return replace(state, stage=CLOSED), [Dispatch(record, "record", then=(cancel,))]


def action_required(state: Collecting, message: Envelope[payment.AuthorizationActionRequired]) -> Next:
    """The customer has half an hour, and so has the stock."""
    if state.stage in ENDED:
        return replace(state, stage=VOIDING), [wish.void(state, "order.ended")]
    if state.stage not in OPEN - {ACTION}:
        return state, []
    order_id, payment_id = wish.ids(state)
    action, until = message.event.client_action, message.effective_at + CUSTOMER_HAS
    record = RecordPaymentActionRequired(order_id=order_id, payment_id=payment_id, client_action=action)
    extend = tuple(
        Dispatch(
            ExtendReservation(
                variant_id=each.variant_id, warehouse=each.warehouse, reservation_id=order_id, expires_at=until
            ),
            f"extend {each.variant_id}",
        )
        for each in state.reservations
    )
    waiting = replace(state, stage=ACTION, expires_at=until, asks=0)
    return waiting, [Dispatch(record, "record", then=(*extend, WakeMe(wish.EXPIRE, until)))]


def outcome_unknown(state: Collecting, message: Envelope[payment.AuthorizationUnknown]) -> Next:
    asking = replace(state, asks=state.asks + 1)
    if state.stage in ENDED:
        find_out = wish.find(state, wish.AUTHORISE, ended=True)
        return replace(asking, stage=VOIDING), [find_out, wish.ask_later(state, message.effective_at)]
    if state.stage not in OPEN - {UNKNOWN}:
        return state, []
    order_id, payment_id = wish.ids(state)
    record = Dispatch(RecordPaymentOutcomeUnknown(order_id=order_id, payment_id=payment_id), "record")
    find = wish.find(state, wish.AUTHORISE, ended=False)
    return replace(asking, stage=UNKNOWN), [record, find, wish.ask_later(state, message.effective_at)]


def captured(state: Collecting, event: payment.CaptureSucceeded) -> Next:
    """Recorded wherever the order stands: money is a fact. Of an order that has ended it goes back."""
    order_id, payment_id = wish.ids(state)
    record = RecordPaymentCaptured(order_id=order_id, payment_id=payment_id, amount_minor=event.amount_minor)
    known = replace(state, capturing=False, asks=0)
    if state.stage in ENDED:
        return replace(known, stage=REFUNDING), [Dispatch(record, "record"), wish.give_back(state)]
    return replace(known, stage=DONE), [Dispatch(record, "record")]


def not_captured(state: Collecting, message: Envelope[Any]) -> Next:
    """Unknown: asked. Failed: tried again; after the third time the order is given up."""
    unknown = isinstance(message.event, payment.CaptureUnknown)
    if unknown and state.stage in {CAPTURING, VOIDING}:
        ask = wish.ask_later(state, message.effective_at)
        return replace(state, asks=state.asks + 1), [wish.find(state, wish.CAPTURE, ended=False), ask]
    if unknown or state.stage not in {CAPTURING, VOIDING}:
        return state, []
    failed = replace(state, capturing=False, captures=state.captures + 1, asks=0)
    if state.stage == VOIDING:
        return failed, [wish.void(state, "order.ended")]
    if failed.captures < CAPTURES:
        return failed, [WakeMe(wish.CAPTURE_AGAIN, message.effective_at + CAPTURE_WAIT * 2**state.captures)]
    return replace(failed, stage=VOIDING), [
        wish.cancel(state, wish.CAPTURE_FAILED),
        wish.void(state, wish.CAPTURE_FAILED),
    ]


def voided(state: Collecting) -> Next:
    """By our wish, or because the provider let go by itself: then there is no order without its money."""
    order_id, payment_id = wish.ids(state)
    record = Dispatch(RecordPaymentVoided(order_id=order_id, payment_id=payment_id), "record")
    if state.stage in OPEN | {CAPTURING, HELD}:
        return replace(state, stage=CLOSED), [wish.cancel(state, wish.LET_GO), record]
    return replace(state, stage=CLOSED if state.stage == VOIDING else state.stage), [record]


def not_voided(state: Collecting, message: Envelope[payment.VoidFailed]) -> Next:
    if state.stage != VOIDING:
        return state, []
    return state, [wish.ask_later(state, message.effective_at)]
