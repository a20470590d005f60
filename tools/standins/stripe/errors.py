"""How does Stripe say no?"""

from typing import Any

Body = dict[str, Any]


class Refusal(Exception):
    """An answer in Stripe's error shape. `stored`: the endpoint had begun, so its idempotency key keeps the answer."""

    def __init__(self, status: int, kind: str, message: str, *, stored: bool = True, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.stored = stored
        self.error: Body = {"type": kind, "message": message} | {k: v for k, v in fields.items() if v is not None}

    def body(self, request_id: str) -> Body:
        link = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": self.error | {"request_log_url": link}}


def invalid(message: str, *, code: str | None = None, param: str | None = None, status: int = 400) -> Refusal:
    """The endpoint began and can't do it."""
    return Refusal(status, "invalid_request_error", message, code=code, param=param)


def malformed(message: str, *, code: str | None = None, param: str | None = None) -> Refusal:
    """The parameters are wrong: the endpoint never began, nothing is stored under the key."""
    return Refusal(400, "invalid_request_error", message, stored=False, code=code, param=param)


def missing(kind: str, object_id: str, param: str = "id") -> Refusal:
    noun = "PaymentMethod" if kind == "payment_method" else kind
    message = f"No such {noun}: '{object_id}'"
    return invalid(message, code="resource_missing", param=param, status=404 if param == "id" else 400)


def unauthorised(message: str) -> Refusal:
    return Refusal(401, "invalid_request_error", message, stored=False)


def unexpected_state(intent: Body, verb: str, allowed: str) -> Refusal:
    """A payment intent or setup intent whose status forbids the call."""
    noun = "PaymentIntent" if intent["object"] == "payment_intent" else "SetupIntent"
    message = f"This {noun} could not be {verb} because it has a status of {intent['status']}. {allowed}"
    return Refusal(
        400,
        "invalid_request_error",
        message,
        code=f"{intent['object']}_unexpected_state",
        **{intent["object"]: visible(intent)},
    )


def card_error(code: str, decline_code: str | None, message: str, **fields: Any) -> Refusal:
    return Refusal(402, "card_error", message, code=code, decline_code=decline_code, **fields)


def visible(value: Any) -> Any:
    """Without the fields that Stripe keeps to itself (ours begin with an underscore)."""
    if isinstance(value, dict):
        return {key: visible(item) for key, item in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [visible(item) for item in value]
    return value
