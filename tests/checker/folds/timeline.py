"""What does an order's timeline say of an event? Its stored name, when, and what its owner may know of it."""

from tests.checker.happened import Happened, Json, picked

AMOUNT, PAYMENT = ("payment_id", "amount_minor"), ("payment_id",)
REFUND, DECLINED = ("payment_id", "refund_id", "amount_minor"), ("payment_id", "decline_code")
FACTS = {
    "order.payment_authorized": AMOUNT,
    "order.payment_declined": DECLINED,
    "order.payment_action_required": PAYMENT,
    "order.payment_outcome_unknown": PAYMENT,
    "order.confirmed": (),
    "order.payment_captured": AMOUNT,
    "order.payment_voided": PAYMENT,
    "order.refund_completed": REFUND,
    "order.refund_failed": REFUND,
    "order.cancelled": ("reason",),
    "order.expired": ("reason",),
    "order.adopted": ("origin_status",),
    "order.item_adopted": ("line",),
    "payment.created": AMOUNT,
    "payment.authorization_requested": AMOUNT,
    "payment.authorization_succeeded": AMOUNT,
    "payment.authorization_failed": DECLINED,
    "payment.authorization_action_required": PAYMENT,
    "payment.authorization_unknown": PAYMENT,
    "payment.capture_requested": AMOUNT,
    "payment.capture_succeeded": AMOUNT,
    "payment.capture_failed": PAYMENT,
    "payment.capture_unknown": PAYMENT,
    "payment.void_requested": PAYMENT,
    "payment.voided": PAYMENT,
    "payment.void_failed": PAYMENT,
    "payment.refund_requested": REFUND,
    "payment.refund_succeeded": REFUND,
    "payment.refund_failed": REFUND,
    "payment.refund_unknown": ("payment_id", "refund_id"),
    "payment.amount_mismatch_found": PAYMENT,
    "payment.adopted": AMOUNT,
}


def entry(event: Happened) -> Json:
    if event.type == "order.placed":
        facts = {"totalMinor": event.data["totals"]["total_minor"]}
    else:
        facts = picked(event.data, *FACTS[event.type])
    return {
        "position": event.position,
        "type": event.type,
        "at": event.at,
        "recordedAt": event.recorded_at,
        "data": facts,
    }
