"""What may be wished for while an order's money is collected: the words that the reactions are written in."""

from datetime import datetime, timedelta
from uuid import UUID

from processes.collect_payment.state import Collecting
from processes.running.messages import Dispatch, Perform, Unforeseen, WakeMe
from write_model.checkout.commands import CancelOrder, ExpireOrder
from write_model.kernel.ids import derived
from write_model.payment.commands import RefundPayment, VoidPayment

ASK, EXPIRE, CAPTURE_AGAIN = "ask", "expire", "capture again"  # names of timers
ASK_FIRST, ASK_LONGEST = timedelta(seconds=5), timedelta(minutes=1)
DECLINED, MISMATCH, LET_GO = "payment.declined", "payment.amount_mismatch", "payment.voided"
CAPTURE_FAILED, STOCK_ENDED, TIME = "payment.capture_failed", "stock.reservation_ended", "time"
AUTHORISE, CAPTURE, VOID, FIND = "authorise", "capture", "void", "find"  # kinds of effects


def ids(state: Collecting) -> tuple[UUID, UUID]:
    """Order and payment. Raises Unforeseen before the order was seen."""
    if state.order_id is None or state.payment_id is None:
        raise Unforeseen("the order has not been seen")
    return state.order_id, state.payment_id


def void(state: Collecting, reason: str) -> Dispatch:
    """Give the authorisation back; where money has moved or is on its way, the refusal says so."""
    _, payment_id = ids(state)
    return Dispatch(VoidPayment(payment_id=payment_id, reason=reason), "void")


def give_back(state: Collecting) -> Dispatch:
    """All that is captured and not refunded, under one id of the payment: once, whoever asks however often."""
    _, payment_id = ids(state)
    refund_id = derived(payment_id, "given back")
    return Dispatch(RefundPayment(payment_id=payment_id, refund_id=refund_id, reason="order.ended"), "give back")


def cancel(state: Collecting, reason: str, decline_code: str | None = None) -> Dispatch:
    order_id, _ = ids(state)
    return Dispatch(CancelOrder(order_id=order_id, reason=reason, decline_code=decline_code), "cancel")


def expire(state: Collecting, reason: str) -> Dispatch:
    order_id, _ = ids(state)
    return Dispatch(ExpireOrder(order_id=order_id, reason=reason), "expire")


def ask_later(state: Collecting, now: datetime) -> WakeMe:
    """5 s, doubling up to a minute: as long as an order waits at most once the provider is well again."""
    wait = min(ASK_LONGEST, ASK_FIRST * 2 ** min(state.asks, 10))
    return WakeMe(ASK, now + wait)


def find(state: Collecting, operation: str, *, ended: bool) -> Perform:
    """Ask the provider what became of it. Nothing at all: then it is authorised again under the same key."""
    order_id, payment_id = ids(state)
    payload = {
        "order_id": str(order_id),
        "payment_id": str(payment_id),
        "amount_minor": state.amount_minor,
        "currency": state.currency,
        "method": state.method,
        "operation": operation,
        "ended": ended,
    }
    return Perform(FIND, state.authorise_key, payload)
