"""Charges and their balance transactions: what is held, what has moved, what it cost."""

from tools.standins.stripe.cards import Card
from tools.standins.stripe.desk import Desk
from tools.standins.stripe.errors import Body

AUTHORISATION_SECONDS = 7 * 86_400
FUNDS_AFTER_SECONDS = 2 * 86_400


def create(desk: Desk, intent: Body, method: Body, card: Card, *, captured: bool) -> Body:
    """A successful charge: money is held, and moved at once when `captured`."""
    charge = _draft(desk, intent, method, card)
    charge |= {
        "status": "succeeded",
        "paid": True,
        "captured": False,
        "outcome": {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": card.risk,
            "risk_score": 75 if card.risk == "elevated" else 12,
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
    }
    desk.put(charge)
    desk.move("authorised", charge["amount"], charge)
    if captured:
        capture(desk, charge, charge["amount"], card)
    desk.emit("charge.succeeded", charge)
    return charge


def decline(desk: Desk, intent: Body, method: Body, card: Card) -> Body:
    """A charge that the bank refused. No money moves."""
    assert card.decline is not None, "only a card that declines gets here"
    code, decline_code = card.decline
    charge = _draft(desk, intent, method, card)
    charge |= {
        "status": "failed",
        "failure_code": code,
        "failure_message": card.message(),
        "outcome": {
            "network_status": "not_sent_to_network" if card.blocked else "declined_by_network",
            "reason": "highest_risk_level" if card.blocked else decline_code or code,
            "risk_level": card.risk,
            "risk_score": 92 if card.blocked else 12,
            "seller_message": "Stripe blocked this payment as too risky." if card.blocked else "The bank declined.",
            "type": "blocked" if card.blocked else "issuer_declined",
        },
    }
    desk.put(charge)
    desk.emit("charge.failed", charge)
    return charge


def capture(desk: Desk, charge: Body, amount: int, card: Card) -> Body:
    """Move the money; what was held beyond it is let go."""
    rest = charge["amount"] - amount
    charge["captured"] = True
    charge["amount_captured"] = amount
    charge["balance_transaction"] = _balance(desk, charge["id"], amount, charge["currency"], "charge", card.funds)["id"]
    desk.move("captured", amount, charge)
    if rest:
        desk.move("voided", rest, charge)
    return desk.put(charge)


def let_go(desk: Desk, charge: Body) -> Body:
    """The whole hold ends without a capture: Stripe shows it as a refund of the charge."""
    charge["refunded"] = True
    charge["amount_refunded"] = charge["amount"]
    desk.move("voided", charge["amount"], charge)
    return desk.put(charge)


def balance_of_refund(desk: Desk, refund_id: str, amount: int, currency: str) -> Body:
    return _balance(desk, refund_id, -amount, currency, "refund", "available")


def _draft(desk: Desk, intent: Body, method: Body, card: Card) -> Body:
    return desk.make(
        "ch",
        "charge",
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        balance_transaction=None,
        billing_details=method["billing_details"],
        captured=False,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        failure_code=None,
        failure_message=None,
        metadata=dict(intent["metadata"]),
        outcome=None,
        paid=False,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={
            "type": "card",
            "card": method["card"] | {"capture_before": desk.now + AUTHORISATION_SECONDS},
        },
        receipt_email=intent["receipt_email"],
        refunded=False,
        status="pending",
        _number=card.number,
    )


def _balance(desk: Desk, source: str, amount: int, currency: str, kind: str, funds: str) -> Body:
    fee = round(amount * 0.029) + 30 if kind == "charge" else 0
    available = funds == "available"
    return desk.make(
        "txn",
        "balance_transaction",
        amount=amount,
        currency=currency,
        fee=fee,
        fee_details=[
            {"amount": fee, "currency": currency, "description": "Stripe processing fees", "type": "stripe_fee"}
        ]
        if fee
        else [],
        net=amount - fee,
        source=source,
        type=kind,
        reporting_category=kind,
        status="available" if available else "pending",
        available_on=desk.now + (0 if available else FUNDS_AFTER_SECONDS),
        exchange_rate=None,
    )
