"""The rules turned a wish down: what now?"""

from collections.abc import Sequence
from dataclasses import replace

from processes.collect_payment import wishes as wish
from processes.collect_payment.state import CLOSED, REFUNDING, VOIDING, Collecting
from processes.running.messages import Refusal, Unforeseen, Wish
from write_model.checkout.commands import CancelOrder, ConfirmOrder, ExpireOrder
from write_model.order.commands import (
    RecordPaymentActionRequired,
    RecordPaymentAuthorized,
    RecordPaymentCaptured,
    RecordPaymentDeclined,
    RecordPaymentOutcomeUnknown,
    RecordPaymentVoided,
)
from write_model.payment.commands import AuthorizePayment, CapturePayment, RefundPayment, VoidPayment
from write_model.stock.commands import ExtendReservation

ORDER_ENDED = "order.wrong_state"
Next = tuple[Collecting, Sequence[Wish]]

# The state is as wished already, or another message will tell: nothing to do.
EXPECTED = {
    AuthorizePayment: {"payment.wrong_state"},
    CapturePayment: {"payment.exceeds_authorized", "payment.wrong_state"},
    CancelOrder: {ORDER_ENDED},
    ExpireOrder: {ORDER_ENDED},
    RecordPaymentDeclined: {ORDER_ENDED},
    RecordPaymentOutcomeUnknown: {ORDER_ENDED},
    RecordPaymentVoided: {ORDER_ENDED},
    RecordPaymentCaptured: {ORDER_ENDED},
}


def refused(state: Collecting, refusal: Refusal) -> Next:
    """Raises Unforeseen for what can't be explained: people look at it."""
    command, code = refusal.wish.command, refusal.code
    ended = replace(state, stage=VOIDING)
    match command:
        case ConfirmOrder() | ExtendReservation():
            return ended, [wish.expire(state, wish.STOCK_ENDED), wish.void(state, wish.STOCK_ENDED)]
        case RecordPaymentAuthorized() | RecordPaymentActionRequired() if code == ORDER_ENDED:
            return ended, [wish.void(state, "order.ended")]
        case VoidPayment():
            return void_refused(state, code)
        case RefundPayment():
            return refund_refused(state, code)
    if refusal.wish.key == "provider" or code in EXPECTED.get(type(command), ()):
        return state, []
    raise Unforeseen(f"{type(command).__name__} was refused: {code}")


def void_refused(state: Collecting, code: str) -> Next:
    """Captured meanwhile: refunded. Not answered yet: the answer comes, and the provider is asked if it does not."""
    if code == "payment.already_captured":
        return replace(state, stage=REFUNDING), [wish.give_back(state)]
    if code != "payment.outcome_pending":
        raise Unforeseen(f"VoidPayment was refused: {code}")
    if not state.asks:
        return state, []
    operation = wish.CAPTURE if state.capturing else wish.AUTHORISE
    return state, [wish.find(state, operation, ended=True)]


def refund_refused(state: Collecting, code: str) -> Next:
    """Nothing is left to be given back: somebody has done it."""
    if code == "payment.exceeds_captured":
        return replace(state, stage=CLOSED), []
    raise Unforeseen(f"RefundPayment was refused: {code}")
