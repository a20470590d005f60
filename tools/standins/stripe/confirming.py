"""What happens when a payment is confirmed: authentication, decline, hold or charge?"""

from urllib.parse import quote

from tools.standins.stripe import cards, charges, payment_methods
from tools.standins.stripe.cards import Card
from tools.standins.stripe.desk import Desk
from tools.standins.stripe.errors import Body, Refusal, card_error, invalid, malformed, unexpected_state, visible


class Declined(Exception):
    """The call ends with an error, and what it did stays: the intent, the failed charge, their events."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def confirm(desk: Desk, intent: Body, given: Body) -> Body:
    """Raises Refusal when nothing was done, Declined when the card said no."""
    if intent["payment_method"] is None:
        raise unexpected_state(
            intent, "confirmed", "You cannot confirm this PaymentIntent: its payment method is missing."
        )
    _check_return_url(intent, given)
    method = payment_methods.usable(desk, intent["payment_method"], intent["customer"])
    card = payment_methods.card_of(method)
    if _must_authenticate(card, method, intent):
        if given.get("off_session"):
            raise _fail(desk, intent, method, "authentication_required", "authentication_required")
        if given.get("error_on_requires_action"):
            raise _fail(desk, intent, method, "authentication_required", "authentication_required")
        return _ask_customer(desk, intent, given)
    return charge(desk, intent, method, card)


def charge(desk: Desk, intent: Body, method: Body, card: Card) -> Body:
    """Hold the money, or take it. Raises Declined."""
    if card.decline:
        failed = charges.decline(desk, intent, method, card)
        code, decline_code = card.decline
        intent["latest_charge"] = failed["id"]
        raise _fail(desk, intent, method, code, decline_code, failed["id"])
    at_once = intent["capture_method"] != "manual"
    made = charges.create(desk, intent, method, card, captured=at_once)
    _keep_method(desk, intent, method)
    intent |= {"latest_charge": made["id"], "next_action": None, "last_payment_error": None}
    if at_once:
        intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    else:
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
    desk.put(intent)
    desk.emit("payment_intent.succeeded" if at_once else "payment_intent.amount_capturable_updated", intent)
    return intent


def authenticate(desk: Desk, intent_id: str, succeed: bool) -> Body:
    """The customer has finished 3-D Secure, well or badly. A decline after it is told by the intent only."""
    intent = desk.need("payment_intent", intent_id)
    if intent["status"] != "requires_action":
        raise unexpected_state(intent, "authenticated", "")
    method = desk.need("payment_method", intent["payment_method"])
    try:
        if not succeed:
            raise _fail(desk, intent, method, "payment_intent_authentication_failure", None)
        intent["_authenticated"] = True
        intent["next_action"] = None
        if intent["confirmation_method"] == "manual":
            intent["status"] = "requires_confirmation"
            return desk.put(intent)
        return charge(desk, intent, method, payment_methods.card_of(method))
    except Declined:
        return desk.need("payment_intent", intent_id)


def _must_authenticate(card: Card, method: Body, intent: Body) -> bool:
    if intent["_authenticated"]:
        return False
    return card.authenticate == "always" or (card.authenticate == "unless_set_up" and not method["_set_up"])


def _ask_customer(desk: Desk, intent: Body, given: Body) -> Body:
    if given.get("return_url"):
        page = f"{desk.base_url}/3d-secure/{intent['id']}?return_url={quote(given['return_url'], safe='')}"
        action: Body = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": given["return_url"], "url": page},
        }
    else:
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
    intent |= {"status": "requires_action", "next_action": action}
    desk.put(intent)
    desk.emit("payment_intent.requires_action", intent)
    return intent


def _fail(
    desk: Desk, intent: Body, method: Body, code: str, decline_code: str | None, charge_id: str | None = None
) -> Declined:
    message = cards.MESSAGES.get(decline_code or code, cards.MESSAGES.get(code, cards.MESSAGES["card_declined"]))
    payment_methods.spend(desk, method)
    error: Body = {"type": "card_error", "code": code, "message": message, "payment_method": visible(method)}
    if decline_code:
        error["decline_code"] = decline_code
    if charge_id:
        error["charge"] = charge_id
    intent |= {
        "status": "requires_payment_method",
        "last_payment_error": error,
        "payment_method": None,
        "next_action": None,
        "_authenticated": False,
    }
    desk.put(intent)
    desk.emit("payment_intent.payment_failed", intent)
    return Declined(
        card_error(
            code,
            decline_code,
            message,
            charge=charge_id,
            payment_intent=visible(intent),
            payment_method=visible(method),
        )
    )


def _keep_method(desk: Desk, intent: Body, method: Body) -> None:
    """Attach it when the payment sets up later ones; else a method that nobody keeps is spent."""
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        method["customer"] = intent["customer"]
        method["_set_up"] = intent["setup_future_usage"] == "off_session"
        desk.emit("payment_method.attached", desk.put(method))
    payment_methods.spend(desk, method)


def _check_return_url(intent: Body, given: Body) -> None:
    automatic = intent["automatic_payment_methods"]
    if automatic and automatic["allow_redirects"] == "always" and not given.get("return_url"):
        raise invalid(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`.",
        )
    if "return_url" in given and not given["return_url"].startswith(("http://", "https://")):
        raise malformed("Not a valid URL", code="url_invalid", param="return_url")
