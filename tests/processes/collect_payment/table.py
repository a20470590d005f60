"""Every message in every stage of collecting an order's money: where it leads, and what is wished for."""

from collections.abc import Mapping
from datetime import timedelta

from processes.running.messages import Message, TimeCame
from tests.kit.builders import order as an
from tests.kit.builders import payment as a
from tests.kit.builders.ids import ORDER_ID, PAYMENT_ID, VARIANT_ID
from tests.kit.given import NOW
from tests.kit.given_process import refusal, told
from write_model.checkout.commands import CancelOrder, ConfirmOrder, ExpireOrder
from write_model.order.commands import (
    RecordPaymentActionRequired,
    RecordPaymentAuthorized,
    RecordPaymentDeclined,
)
from write_model.payment.commands import AuthorizePayment, CapturePayment, VoidPayment
from write_model.provider_event.events import ProviderEventRecorded
from write_model.stock.commands import ExtendReservation

PLACED = told(an.PLACED, 1)
REQUESTED = told(a.REQUESTED, 2)
AUTHORIZED = told(a.AUTHORIZED, 3)
CAPTURE_REQUESTED = told(a.CAPTURE_REQUESTED, 4)
CAPTURED = told(a.CAPTURED, 5)
CANCELLED = told(an.CANCELLED, 6)
EXPIRE = TimeCame(str(ORDER_ID), "expire", an.RESERVED_UNTIL)
ASK = TimeCame(str(ORDER_ID), "ask", NOW + timedelta(seconds=5))
AGAIN = TimeCame(str(ORDER_ID), "capture again", NOW + timedelta(seconds=5))

STAGES: Mapping[str, tuple[Message, ...]] = {
    "NONE": (),
    "AUTHORISING": (PLACED, REQUESTED),
    "ACTION": (PLACED, REQUESTED, told(a.ACTION, 3)),
    "UNKNOWN": (PLACED, REQUESTED, told(a.UNKNOWN, 3)),
    "CAPTURING": (PLACED, REQUESTED, AUTHORIZED, CAPTURE_REQUESTED),
    "HELD": (told(an.placed(policy="on_shipment"), 1), REQUESTED, AUTHORIZED),
    "VOIDING": (PLACED, REQUESTED, CANCELLED),
    "REFUNDING": (PLACED, REQUESTED, AUTHORIZED, CAPTURE_REQUESTED, CAPTURED, CANCELLED),
    "DONE": (PLACED, REQUESTED, AUTHORIZED, CAPTURE_REQUESTED, CAPTURED),
    "CLOSED": (PLACED, REQUESTED, told(a.DECLINED, 3)),
}


def said(kind: str) -> ProviderEventRecorded:
    return ProviderEventRecorded(
        provider="stripe",
        provider_event_id="evt_1",
        type=kind,
        created_at=NOW,
        payment_ref=a.REF,
        order_id=ORDER_ID,
        payment_id=PAYMENT_ID,
        status="requires_capture",
        amount_minor=a.AMOUNT,
        captured_minor=a.AMOUNT,
        currency="USD",
        decline_code="card_declined",
        client_action="https://3ds",
    )


HELD_SAID = said("payment_intent.amount_capturable_updated")
CONFIRM = ConfirmOrder(order_id=ORDER_ID)
RECORD = RecordPaymentAuthorized(order_id=ORDER_ID, payment_id=PAYMENT_ID, amount_minor=an.TOTAL)
DECLINE = RecordPaymentDeclined(order_id=ORDER_ID, payment_id=PAYMENT_ID, decline_code="x")
ACT = RecordPaymentActionRequired(order_id=ORDER_ID, payment_id=PAYMENT_ID, client_action="x")
EXTEND = ExtendReservation(variant_id=VARIANT_ID, reservation_id=ORDER_ID, expires_at=NOW)
VOID = VoidPayment(payment_id=PAYMENT_ID, reason="x")

SAME = "="  # the stage stays and nothing is wished for
FIND_VOIDING = "VOIDING: find, wake me: ask"
Row = Mapping[str, str]

# message: by stage "NEXT STAGE: wishes"; a stage that is not named: nothing happens.
TABLE: Mapping[str, tuple[Message, Row]] = {
    "order.placed": (PLACED, {"NONE": "AUTHORISING: wake me: expire, AuthorizePayment"}),
    "authorization_requested": (
        REQUESTED,
        dict.fromkeys(
            ["AUTHORISING", "ACTION", "UNKNOWN", "CAPTURING", "HELD", "VOIDING", "REFUNDING", "DONE", "CLOSED"],
            "{}: authorise",
        ),
    ),
    "authorization_succeeded": (
        AUTHORIZED,
        {
            "AUTHORISING": "CAPTURING: RecordPaymentAuthorized, ConfirmOrder, CapturePayment",
            "ACTION": "CAPTURING: RecordPaymentAuthorized, ConfirmOrder, CapturePayment",
            "UNKNOWN": "CAPTURING: RecordPaymentAuthorized, ConfirmOrder, CapturePayment",
            "VOIDING": "VOIDING: VoidPayment",
            "REFUNDING": "VOIDING: VoidPayment",
            "CLOSED": "VOIDING: VoidPayment",
        },
    ),
    "authorization_failed": (
        told(a.DECLINED, 10),
        {
            "AUTHORISING": "CLOSED: RecordPaymentDeclined, CancelOrder",
            "ACTION": "CLOSED: RecordPaymentDeclined, CancelOrder",
            "UNKNOWN": "CLOSED: RecordPaymentDeclined, CancelOrder",
            "VOIDING": "CLOSED: ",
        },
    ),
    "authorization_action_required": (
        told(a.ACTION, 10),
        {
            "AUTHORISING": "ACTION: RecordPaymentActionRequired, ExtendReservation, wake me: expire",
            "UNKNOWN": "ACTION: RecordPaymentActionRequired, ExtendReservation, wake me: expire",
            "VOIDING": "VOIDING: VoidPayment",
            "REFUNDING": "VOIDING: VoidPayment",
            "CLOSED": "VOIDING: VoidPayment",
        },
    ),
    "authorization_unknown": (
        told(a.UNKNOWN, 10),
        {
            "AUTHORISING": "UNKNOWN: RecordPaymentOutcomeUnknown, find, wake me: ask",
            "ACTION": "UNKNOWN: RecordPaymentOutcomeUnknown, find, wake me: ask",
            "VOIDING": FIND_VOIDING,
            "REFUNDING": FIND_VOIDING,
            "CLOSED": FIND_VOIDING,
        },
    ),
    "provider says: held": (
        told(HELD_SAID, 10),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "{}: RecordAuthorized"),
    ),
    "provider says: captured": (
        told(said("payment_intent.succeeded"), 10),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "{}: RecordCaptured"),
    ),
    "provider says: failed": (
        told(said("payment_intent.payment_failed"), 10),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "{}: RecordAuthorizationFailed"),
    ),
    "provider says: action": (
        told(said("payment_intent.requires_action"), 10),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "{}: RecordActionRequired"),
    ),
    "provider says: cancelled": (
        told(said("payment_intent.canceled"), 10),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "{}: RecordVoided"),
    ),
    "capture_requested": (
        CAPTURE_REQUESTED,
        {"HELD": "CAPTURING: capture"}
        | dict.fromkeys([stage for stage in STAGES if stage not in ("NONE", "HELD")], "{}: capture"),
    ),
    "capture_succeeded": (
        CAPTURED,
        dict.fromkeys(["AUTHORISING", "ACTION", "UNKNOWN", "CAPTURING", "HELD", "DONE"], "DONE: RecordPaymentCaptured")
        | dict.fromkeys(["VOIDING", "REFUNDING", "CLOSED"], "REFUNDING: RecordPaymentCaptured, RefundPayment"),
    ),
    "capture_failed": (
        told(a.CAPTURE_FAILED, 10),
        {"CAPTURING": "CAPTURING: wake me: capture again", "VOIDING": "VOIDING: VoidPayment"},
    ),
    "capture_unknown": (
        told(a.CAPTURE_UNKNOWN, 10),
        {"CAPTURING": "CAPTURING: find, wake me: ask", "VOIDING": "VOIDING: find, wake me: ask"},
    ),
    "void_requested": (
        told(a.VOID_REQUESTED, 10),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "{}: void"),
    ),
    "voided": (
        told(a.VOIDED, 10),
        dict.fromkeys(
            ["AUTHORISING", "ACTION", "UNKNOWN", "CAPTURING", "HELD"], "CLOSED: CancelOrder, RecordPaymentVoided"
        )
        | {"VOIDING": "CLOSED: RecordPaymentVoided"}
        | dict.fromkeys(["REFUNDING", "DONE", "CLOSED"], "{}: RecordPaymentVoided"),
    ),
    "void_failed": (told(a.VOID_FAILED, 10), {"VOIDING": "VOIDING: wake me: ask"}),
    "refund_succeeded": (told(a.refunded(), 10), {"REFUNDING": "CLOSED: "}),
    "amount_mismatch_found": (
        told(a.MISMATCH, 10),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "VOIDING: CancelOrder, VoidPayment"),
    ),
    "order.cancelled": (
        told(an.CANCELLED, 10),
        dict.fromkeys(["AUTHORISING", "ACTION", "UNKNOWN", "CAPTURING", "HELD"], "VOIDING: wake me: ask, VoidPayment")
        | {"DONE": "REFUNDING: RefundPayment"},
    ),
    "order.expired": (
        told(an.EXPIRED, 10),
        dict.fromkeys(["AUTHORISING", "ACTION", "UNKNOWN", "CAPTURING", "HELD"], "VOIDING: wake me: ask, VoidPayment")
        | {"DONE": "REFUNDING: RefundPayment"},
    ),
    "confirmation refused": (
        refusal(CONFIRM, "checkout.reservation_ended"),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "VOIDING: ExpireOrder, VoidPayment"),
    ),
    "recording refused: the order has ended": (
        refusal(RECORD, "order.wrong_state"),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "VOIDING: VoidPayment"),
    ),
    "action refused: the order has ended": (
        refusal(ACT, "order.wrong_state"),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "VOIDING: VoidPayment"),
    ),
    "extension refused": (
        refusal(EXTEND, "stock.wrong_state"),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "VOIDING: ExpireOrder, VoidPayment"),
    ),
    "void refused: captured": (
        refusal(VOID, "payment.already_captured"),
        dict.fromkeys([stage for stage in STAGES if stage != "NONE"], "REFUNDING: RefundPayment"),
    ),
    "decline refused: the order has ended": (refusal(DECLINE, "order.wrong_state"), {}),
    "capture refused: done already": (
        refusal(CapturePayment(payment_id=PAYMENT_ID), "payment.exceeds_authorized"),
        {},
    ),
    "cancellation refused: ended already": (
        refusal(CancelOrder(order_id=ORDER_ID, reason="x"), "order.wrong_state"),
        {},
    ),
    "expiry refused: ended already": (refusal(ExpireOrder(order_id=ORDER_ID), "order.wrong_state"), {}),
    "authorisation refused: given up": (
        refusal(AuthorizePayment(payment_id=PAYMENT_ID), "payment.wrong_state"),
        {},
    ),
    "time is over": (
        EXPIRE,
        {
            "AUTHORISING": "VOIDING: ExpireOrder, wake me: ask, VoidPayment",
            "UNKNOWN": "VOIDING: ExpireOrder, wake me: ask, VoidPayment",
        },
    ),
    "time to ask": (
        ASK,
        {"UNKNOWN": "UNKNOWN: find, wake me: ask", "VOIDING": "VOIDING: wake me: ask, VoidPayment"},
    ),
    "time to capture again": (AGAIN, {}),
}
