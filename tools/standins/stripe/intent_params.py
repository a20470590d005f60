"""Which parameters do payment intents take?"""

import re
from typing import Any

from tools.standins.stripe import params
from tools.standins.stripe.errors import Body, malformed
from tools.standins.stripe.payment_methods import ADDRESS, BILLING, CARD

SMALLEST = 50
LARGEST = 99_999_999
AUTOMATIC = params.group(
    {"enabled": params.boolean, "allow_redirects": params.choice("always", "never")},
    "enabled",
)
METHOD_DATA = params.group({"type": params.choice("card"), "card": CARD, "billing_details": BILLING}, "type", "card")


def off_session(name: str, value: Any) -> bool:
    """`true`, `false`, or why: Stripe takes one_off and recurring for true."""
    return value in ("one_off", "recurring") or params.boolean(name, value)


def currency(name: str, value: Any) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", str(value)):
        raise malformed(f"Invalid currency: {value}", code="invalid_currency", param=name)
    return str(value).lower()


def amount(name: str, value: Any) -> int:
    minor = params.integer(name, value)
    if minor < 1:
        raise malformed("This value must be greater than or equal to 1.", code="parameter_invalid_integer", param=name)
    return minor


CHARGED: params.Spec = {
    "payment_method": params.text,
    "payment_method_data": METHOD_DATA,
    "payment_method_types": params.texts,
    "payment_method_options": params.anything,
    "setup_future_usage": params.choice("off_session", "on_session", ""),
    "capture_method": params.choice("automatic", "automatic_async", "manual"),
    "receipt_email": params.text,
    "shipping": params.group(
        {"address": ADDRESS, "name": params.text, "phone": params.text, "carrier": params.text}, "address", "name"
    ),
    "expand": params.texts,
}
CONFIRM: params.Spec = CHARGED | {
    "return_url": params.text,
    "off_session": off_session,
    "use_stripe_sdk": params.boolean,
    "error_on_requires_action": params.boolean,
    "mandate_data": params.anything,
}
UPDATE: params.Spec = CHARGED | {
    "amount": amount,
    "currency": currency,
    "customer": params.text,
    "description": params.text,
    "metadata": params.metadata,
    "statement_descriptor": params.text,
    "transfer_group": params.text,
}
CREATE: params.Spec = UPDATE | {
    **CONFIRM,
    "automatic_payment_methods": AUTOMATIC,
    "confirm": params.boolean,
    "confirmation_method": params.choice("automatic", "manual"),
}
CAPTURE: params.Spec = {
    "amount_to_capture": amount,
    "metadata": params.metadata,
    "statement_descriptor": params.text,
    "expand": params.texts,
}
CANCEL: params.Spec = {
    "cancellation_reason": params.choice("duplicate", "fraudulent", "requested_by_customer", "abandoned"),
    "expand": params.texts,
}


def check_sum(minor: int) -> None:
    """Stripe's smallest and largest charge. Raises Refusal."""
    if minor < SMALLEST:
        raise malformed("Amount must be at least $0.50 usd", code="amount_too_small", param="amount")
    if minor > LARGEST:
        raise malformed("Amount must be no more than $999,999.99", code="amount_too_large", param="amount")


def check_together(given: Body) -> None:
    """Parameters of a creation that exclude or need each other. Raises Refusal."""
    check_sum(given["amount"])
    if not given.get("confirm"):
        for name in ("off_session", "error_on_requires_action", "return_url"):
            if name in given:
                raise malformed(f"You cannot set `{name}` when `confirm` is not true.", param=name)
    if "payment_method_types" in given and given.get("automatic_payment_methods", {}).get("enabled"):
        raise malformed(
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
            param="payment_method_types",
        )
    if given.get("off_session") and given.get("setup_future_usage") == "on_session":
        raise malformed("`off_session` cannot be used with `setup_future_usage` on_session.", param="off_session")
