"""The setup intent: a card is made ready for later payments without the customer, and nothing is charged."""

from tools.standins.stripe import cards, params, payment_methods
from tools.standins.stripe.confirming import Declined
from tools.standins.stripe.desk import Desk, merged
from tools.standins.stripe.errors import Body, card_error, unexpected_state, visible
from tools.standins.stripe.intent_params import AUTOMATIC, METHOD_DATA

CHANGE: params.Spec = {
    "customer": params.text,
    "description": params.text,
    "metadata": params.metadata,
    "payment_method": params.text,
    "payment_method_data": METHOD_DATA,
    "payment_method_types": params.texts,
    "expand": params.texts,
}
CREATE: params.Spec = CHANGE | {
    "automatic_payment_methods": AUTOMATIC,
    "confirm": params.boolean,
    "return_url": params.text,
    "usage": params.choice("off_session", "on_session"),
}
CONFIRM: params.Spec = {
    "payment_method": params.text,
    "payment_method_data": METHOD_DATA,
    "return_url": params.text,
    "use_stripe_sdk": params.boolean,
    "expand": params.texts,
}
CANCEL: params.Spec = {
    "cancellation_reason": params.choice("abandoned", "duplicate", "requested_by_customer"),
    "expand": params.texts,
}
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(desk: Desk, given: Body) -> Body:
    if "customer" in given:
        desk.need("customer", given["customer"], "customer")
    intent = desk.make(
        "seti",
        "setup_intent",
        cancellation_reason=None,
        customer=given.get("customer"),
        description=given.get("description"),
        last_setup_error=None,
        metadata=merged({}, given.get("metadata", {})),
        next_action=None,
        payment_method=None,
        payment_method_types=given.get("payment_method_types", ["card"]),
        status="requires_payment_method",
        usage=given.get("usage", "off_session"),
    )
    intent["client_secret"] = f"{intent['id']}_secret_{intent['id'][-12:]}"
    _choose(desk, intent, given)
    desk.emit("setup_intent.created", desk.put(intent))
    return _confirm(desk, intent) if given.get("confirm") else intent


def update(desk: Desk, intent_id: str, given: Body) -> Body:
    intent = _open(desk, intent_id, "updated")
    if "customer" in given:
        desk.need("customer", given["customer"], "customer")
    for name in ("customer", "description", "payment_method_types"):
        intent[name] = given.get(name, intent[name])
    intent["metadata"] = merged(intent["metadata"], given.get("metadata", {}))
    _choose(desk, intent, given)
    return desk.put(intent)


def confirm(desk: Desk, intent_id: str, given: Body) -> Body:
    intent = _open(desk, intent_id, "confirmed")
    _choose(desk, intent, given)
    return _confirm(desk, intent)


def cancel(desk: Desk, intent_id: str, given: Body) -> Body:
    intent = _open(desk, intent_id, "canceled")
    intent |= {"status": "canceled", "cancellation_reason": given.get("cancellation_reason"), "next_action": None}
    desk.emit("setup_intent.canceled", desk.put(intent))
    return intent


def authenticate(desk: Desk, intent_id: str, succeed: bool) -> Body:
    """The customer has finished 3-D Secure, well or badly."""
    intent = desk.need("setup_intent", intent_id)
    if intent["status"] != "requires_action":
        raise unexpected_state(intent, "authenticated", "")
    method = desk.need("payment_method", intent["payment_method"])
    if succeed:
        return _succeed(desk, intent, method)
    try:
        raise _fail(desk, intent, method, "setup_intent_authentication_failure", None)
    except Declined:
        return intent


def _open(desk: Desk, intent_id: str, verb: str) -> Body:
    intent = desk.need("setup_intent", intent_id)
    if intent["status"] not in OPEN:
        raise unexpected_state(intent, verb, "")
    return intent


def _choose(desk: Desk, intent: Body, given: Body) -> None:
    if "payment_method_data" in given:
        chosen = payment_methods.create_method(desk, given["payment_method_data"])
    elif given.get("payment_method"):
        chosen = payment_methods.usable(desk, given["payment_method"], intent["customer"])
    else:
        return
    intent |= {"payment_method": chosen["id"], "status": "requires_confirmation"}


def _confirm(desk: Desk, intent: Body) -> Body:
    if intent["payment_method"] is None:
        raise unexpected_state(intent, "confirmed", "Its payment method is missing.")
    method = payment_methods.usable(desk, intent["payment_method"], intent["customer"])
    card = payment_methods.card_of(method)
    if card.decline and card.attach_declines:
        raise _fail(desk, intent, method, *card.decline)
    if card.authenticate != "never" and not method["_set_up"]:
        intent |= {
            "status": "requires_action",
            "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}},
        }
        desk.emit("setup_intent.requires_action", desk.put(intent))
        return intent
    return _succeed(desk, intent, method)


def _succeed(desk: Desk, intent: Body, method: Body) -> Body:
    method["_set_up"] = True
    newly = intent["customer"] is not None and method["customer"] is None
    if newly:
        method["customer"] = intent["customer"]
    desk.put(method)
    intent |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
    desk.put(intent)
    if newly:
        desk.emit("payment_method.attached", method)
    desk.emit("setup_intent.succeeded", intent)
    return intent


def _fail(desk: Desk, intent: Body, method: Body, code: str, decline_code: str | None) -> Declined:
    message = cards.MESSAGES.get(decline_code or code, cards.MESSAGES.get(code, cards.MESSAGES["card_declined"]))
    error: Body = {"type": "card_error", "code": code, "message": message, "payment_method": visible(method)}
    if decline_code:
        error["decline_code"] = decline_code
    intent |= {"status": "requires_payment_method", "last_setup_error": error, "payment_method": None}
    intent["next_action"] = None
    desk.emit("setup_intent.setup_failed", desk.put(intent))
    return Declined(card_error(code, decline_code, message, setup_intent=visible(intent)))
