"""Customers and the payment methods that they keep."""

import hashlib
from typing import Any

from tools.standins.stripe import cards, params
from tools.standins.stripe.cards import Card
from tools.standins.stripe.desk import Desk, merged
from tools.standins.stripe.errors import Body, Refusal, card_error, invalid, malformed

ADDRESS = params.group(dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"), params.text))
BILLING = params.group({"address": ADDRESS, "email": params.text, "name": params.text, "phone": params.text})
CARD = params.group(
    {
        "number": params.text,
        "exp_month": params.integer,
        "exp_year": params.integer,
        "cvc": params.text,
        "token": params.text,
    }
)
CUSTOMER = {
    "name": params.text,
    "email": params.text,
    "phone": params.text,
    "description": params.text,
    "metadata": params.metadata,
    "address": ADDRESS,
    "payment_method": params.text,
    "invoice_settings": params.group({"default_payment_method": params.text}),
    "expand": params.texts,
}
METHOD = {
    "type": params.choice("card"),
    "card": CARD,
    "billing_details": BILLING,
    "metadata": params.metadata,
    "expand": params.texts,
}


def create_customer(desk: Desk, given: Body) -> Body:
    settings = {"default_payment_method": None} | given.get("invoice_settings", {})
    customer = desk.make(
        "cus",
        "customer",
        name=given.get("name"),
        email=given.get("email"),
        phone=given.get("phone"),
        description=given.get("description"),
        address=given.get("address"),
        metadata=merged({}, given.get("metadata", {})),
        balance=0,
        delinquent=False,
        invoice_settings=settings,
        default_source=None,
    )
    if "payment_method" in given:
        attach(desk, given["payment_method"], {"customer": customer["id"]})
    if settings["default_payment_method"]:
        _of_customer(desk, customer["id"], settings["default_payment_method"])
    desk.emit("customer.created", customer)
    return customer


def update_customer(desk: Desk, customer_id: str, given: Body) -> Body:
    customer = desk.need("customer", customer_id)
    if "invoice_settings" in given:
        _of_customer(desk, customer_id, given["invoice_settings"]["default_payment_method"])
    for name in ("name", "email", "phone", "description", "address", "invoice_settings"):
        if name in given:
            customer[name] = given[name]
    customer["metadata"] = merged(customer["metadata"], given.get("metadata", {}))
    desk.emit("customer.updated", desk.put(customer))
    return customer


def delete_customer(desk: Desk, customer_id: str, given: Body) -> Body:
    customer = desk.need("customer", customer_id)
    for method in desk.book.rows("payment_method", "json_extract(body, '$.customer') = ?", (customer_id,), 1000):
        method["customer"] = None
        method["_spent"] = True
        desk.put(method)
    desk.book.delete(customer_id)
    desk.emit("customer.deleted", customer)
    return {"id": customer_id, "object": "customer", "deleted": True}


def create_method(desk: Desk, given: Body) -> Body:
    """From a number, or from a test token's twin (`card[token]=tok_visa`)."""
    wished = given.get("card")
    if wished is None:
        raise malformed("Missing required param: card.", code="parameter_missing", param="card")
    return _make(desk, _card_of(wished), wished, given)


def method(desk: Desk, name: str, param: str = "payment_method") -> Body:
    """A stored payment method, or a new one from a test name as `pm_card_visa`."""
    if (card := cards.CARDS.get(name)) is not None:
        return _make(desk, card, {}, {})
    return desk.need("payment_method", name, param)


def card_of(found: Body) -> Card:
    """How the card behind a payment method behaves."""
    known = cards.of_number(found["_number"])
    assert known is not None, "it was checked when the payment method was made"
    return known


def update_method(desk: Desk, method_id: str, given: Body) -> Body:
    found = desk.need("payment_method", method_id)
    found["metadata"] = merged(found["metadata"], given.get("metadata", {}))
    if "billing_details" in given:
        found["billing_details"] = found["billing_details"] | given["billing_details"]
    desk.emit("payment_method.updated", desk.put(found))
    return found


def attach(desk: Desk, method_id: str, given: Body) -> Body:
    desk.need("customer", given["customer"], "customer")
    found = method(desk, method_id)
    if found["customer"] == given["customer"]:
        return found
    if found["customer"] is not None:
        raise invalid("The payment method you provided has already been attached to a customer.")
    if found.get("_spent"):
        raise _spent()
    card = card_of(found)
    if card.decline and card.attach_declines:
        code, decline_code = card.decline
        raise card_error(code, decline_code, card.message())
    found["customer"] = given["customer"]
    desk.emit("payment_method.attached", desk.put(found))
    return found


def detach(desk: Desk, method_id: str, given: Body) -> Body:
    found = desk.need("payment_method", method_id)
    if found["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    before = {"customer": found["customer"]}
    found["customer"] = None
    found["_spent"] = True
    desk.emit("payment_method.detached", desk.put(found), before)
    return found


def usable(desk: Desk, name: str, customer: str | None, param: str = "payment_method") -> Body:
    """The payment method for a payment of this customer (None: a guest). Raises Refusal."""
    found = method(desk, name, param)
    if found["customer"] is not None and found["customer"] != customer:
        raise invalid(
            f"The provided PaymentMethod ({found['id']}) belongs to a Customer: it can only be used with it.",
            param=param,
        )
    if found.get("_spent"):
        raise _spent()
    return found


def spend(desk: Desk, found: Body) -> None:
    """A method that no customer keeps is good for one payment."""
    if found["customer"] is None and not found.get("_spent"):
        found["_spent"] = True
        desk.put(found)


def _spent() -> Refusal:
    return invalid(
        "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, or was "
        "detached from a Customer. It may not be used again.",
        param="payment_method",
    )


def _of_customer(desk: Desk, customer_id: str, method_id: str) -> None:
    if desk.need("payment_method", method_id, "invoice_settings[default_payment_method]")["customer"] != customer_id:
        raise invalid(
            "The customer does not have a payment method with the ID " + method_id,
            code="resource_missing",
            param="invoice_settings[default_payment_method]",
        )


def _card_of(wished: Body) -> Card:
    if "token" in wished:
        card = cards.CARDS.get("pm_card_" + wished["token"].removeprefix("tok_"))
        if card is None:
            raise invalid(f"No such token: '{wished['token']}'", code="resource_missing", param="card[token]")
        return card
    known = cards.of_number(wished.get("number", ""))
    if known is None:
        raise card_error("incorrect_number", None, cards.MESSAGES["incorrect_number"], param="number")
    return known


def _expiry(desk: Desk, wished: Body) -> tuple[int, int]:
    year_now = 1970 + desk.now // 31_556_952
    month, year = wished.get("exp_month", 12), wished.get("exp_year", year_now + 5)
    if not 1 <= month <= 12:
        raise card_error("invalid_expiry_month", None, "Your card's expiration month is invalid.", param="exp_month")
    if not year_now <= year <= year_now + 50:
        raise card_error("invalid_expiry_year", None, "Your card's expiration year is invalid.", param="exp_year")
    return month, year


def _make(desk: Desk, card: Card, wished: Body, given: Body) -> Body:
    month, year = _expiry(desk, wished)
    nobody: dict[str, Any] = {"address": None, "email": None, "name": None, "phone": None}
    return desk.make(
        "pm",
        "payment_method",
        type="card",
        customer=None,
        metadata=merged({}, given.get("metadata", {})),
        billing_details=nobody | given.get("billing_details", {}),
        card={
            "brand": card.brand,
            "country": card.country,
            "exp_month": month,
            "exp_year": year,
            "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
            "funding": card.funding,
            "last4": card.last4,
            "checks": {"cvc_check": "pass" if "cvc" in wished else None},
            "three_d_secure_usage": {"supported": True},
        },
        _number=card.number,
        _set_up=False,
    )
