"""The payment intent: which status may it have next, and what money moves on the way?"""

from tools.standins.stripe import charges, confirming, intent_params, payment_methods
from tools.standins.stripe.desk import Desk, merged
from tools.standins.stripe.errors import Body, invalid, unexpected_state

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELLABLE = (*OPEN, "requires_capture", "processing")


def create(desk: Desk, given: Body) -> Body:
    intent_params.check_together(given)
    if "customer" in given:
        desk.need("customer", given["customer"], "customer")
    intent = desk.make(
        "pi",
        "payment_intent",
        amount=given["amount"] if desk.alter is None else desk.alter,
        amount_capturable=0,
        amount_received=0,
        automatic_payment_methods=_automatic(given),
        canceled_at=None,
        cancellation_reason=None,
        capture_method=given.get("capture_method", "automatic_async"),
        confirmation_method=given.get("confirmation_method", "automatic"),
        currency=given["currency"],
        customer=given.get("customer"),
        description=given.get("description"),
        last_payment_error=None,
        latest_charge=None,
        metadata=merged({}, given.get("metadata", {})),
        next_action=None,
        payment_method=None,
        payment_method_options=given.get("payment_method_options", {}),
        payment_method_types=given.get("payment_method_types", ["card"]),
        processing=None,
        receipt_email=given.get("receipt_email"),
        setup_future_usage=given.get("setup_future_usage") or None,
        shipping=given.get("shipping"),
        statement_descriptor=given.get("statement_descriptor"),
        status="requires_payment_method",
        transfer_group=given.get("transfer_group"),
        _authenticated=False,
    )
    intent["client_secret"] = f"{intent['id']}_secret_{intent['id'][-12:]}"
    _choose_method(desk, intent, given)
    desk.emit("payment_intent.created", desk.put(intent))
    if given.get("confirm"):
        confirming.confirm(desk, intent, given)
    return intent


def update(desk: Desk, intent_id: str, given: Body) -> Body:
    intent = desk.need("payment_intent", intent_id)
    if set(given) - {"metadata", "description", "expand"} and intent["status"] not in OPEN:
        raise unexpected_state(intent, "updated", "")
    if "amount" in given:
        intent_params.check_sum(given["amount"])
    if "customer" in given:
        desk.need("customer", given["customer"], "customer")
    plain = set(intent_params.UPDATE) - {"metadata", "payment_method", "payment_method_data", "expand"}
    for name in sorted(plain & set(given)):
        intent[name] = given[name]
    intent["metadata"] = merged(intent["metadata"], given.get("metadata", {}))
    _choose_method(desk, intent, given)
    return desk.put(intent)


def confirm(desk: Desk, intent_id: str, given: Body) -> Body:
    intent = desk.need("payment_intent", intent_id)
    if intent["status"] not in OPEN:
        raise unexpected_state(intent, "confirmed", "It must be in an open status.")
    for name in ("capture_method", "setup_future_usage", "receipt_email", "shipping", "payment_method_types"):
        if name in given:
            intent[name] = given[name]
    _choose_method(desk, intent, given)
    return confirming.confirm(desk, intent, given)


def capture(desk: Desk, intent_id: str, given: Body) -> Body:
    """Once, the whole or a part; what is not captured is let go."""
    intent = desk.need("payment_intent", intent_id)
    if intent["status"] != "requires_capture":
        allowed = "Only a PaymentIntent with one of the following statuses may be captured: requires_capture."
        raise unexpected_state(intent, "captured", allowed)
    wished = given["amount_to_capture"] if "amount_to_capture" in given else intent["amount_capturable"]
    if wished > intent["amount_capturable"]:
        raise invalid(
            f"The requested capture amount is greater than the authorised amount of {intent['amount_capturable']}.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    charge = desk.need("charge", intent["latest_charge"])
    if desk.now > charge["payment_method_details"]["card"]["capture_before"]:
        _end(desk, intent, "automatic")
        raise invalid("The authorisation has expired.", code="charge_expired_for_capture")
    intent["metadata"] = merged(intent["metadata"], given.get("metadata", {}))
    charges.capture(desk, charge, wished, payment_methods.card_of(charge))
    intent |= {"status": "succeeded", "amount_received": wished, "amount_capturable": 0}
    desk.put(intent)
    desk.emit("charge.captured", charge)
    desk.emit("payment_intent.succeeded", intent)
    return intent


def cancel(desk: Desk, intent_id: str, given: Body) -> Body:
    intent = desk.need("payment_intent", intent_id)
    if intent["status"] not in CANCELLABLE:
        allowed = f"Only a PaymentIntent with one of the following statuses may be canceled: {', '.join(CANCELLABLE)}."
        raise unexpected_state(intent, "canceled", allowed)
    return _end(desk, intent, given.get("cancellation_reason"))


def expire(desk: Desk, intent_id: str) -> Body:
    """As Stripe does by itself when nobody captured in seven days."""
    intent = desk.need("payment_intent", intent_id)
    if intent["status"] != "requires_capture":
        raise unexpected_state(intent, "expired", "")
    return _end(desk, intent, "automatic")


def _end(desk: Desk, intent: Body, reason: str | None) -> Body:
    held = intent["status"] == "requires_capture"
    intent |= {
        "status": "canceled",
        "canceled_at": desk.now,
        "cancellation_reason": reason,
        "amount_capturable": 0,
        "next_action": None,
    }
    desk.put(intent)
    if held:
        charge = charges.let_go(desk, desk.need("charge", intent["latest_charge"]))
        desk.emit("charge.refunded", charge)
    desk.emit("payment_intent.canceled", intent)
    return intent


def _automatic(given: Body) -> Body | None:
    """Stripe's default, when nothing is said: every method of the dashboard, redirects included."""
    if "payment_method_types" in given:
        return None
    wished: Body = {"enabled": True, "allow_redirects": "always"} | given.get("automatic_payment_methods", {})
    return wished if wished["enabled"] else None


def _choose_method(desk: Desk, intent: Body, given: Body) -> None:
    if "payment_method_data" in given:
        chosen = payment_methods.create_method(desk, given["payment_method_data"])
    elif given.get("payment_method"):
        chosen = payment_methods.usable(desk, given["payment_method"], intent["customer"])
    else:
        return
    intent["payment_method"] = chosen["id"]
    if intent["status"] == "requires_payment_method":
        intent["status"] = "requires_confirmation"
