"""Refunds: how much may still go back, and did it arrive?"""

from tools.standins.stripe import charges, intent_params, params, payment_methods
from tools.standins.stripe.desk import Desk, merged
from tools.standins.stripe.errors import Body, invalid, malformed

CREATE: params.Spec = {
    "payment_intent": params.text,
    "charge": params.text,
    "amount": intent_params.amount,
    "reason": params.choice("duplicate", "fraudulent", "requested_by_customer"),
    "metadata": params.metadata,
    "expand": params.texts,
}


def create(desk: Desk, given: Body) -> Body:
    """Never more in all than what was captured. Raises Refusal."""
    charge = _charge(desk, given)
    if not charge["captured"]:
        raise invalid(
            f"Charge {charge['id']} has not been captured: cancel its PaymentIntent instead.",
            code="charge_not_refundable",
        )
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = given.get("amount", left)
    if amount > left:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    return _give_back(desk, charge, amount, given)


def update(desk: Desk, refund_id: str, given: Body) -> Body:
    refund = desk.need("refund", refund_id)
    refund["metadata"] = merged(refund["metadata"], given.get("metadata", {}))
    desk.emit("refund.updated", desk.put(refund))
    return refund


def settle(desk: Desk, refund_id: str) -> Body:
    """What happens later to the refund of a card whose refunds don't end at once (asked for by a test)."""
    refund = desk.need("refund", refund_id)
    charge = desk.need("charge", refund["charge"])
    behaviour = payment_methods.card_of(charge).refund
    if behaviour == "pending" and refund["status"] == "pending":
        refund["status"] = "succeeded"
        desk.emit("refund.updated", desk.put(refund))
    elif behaviour == "fails_later" and refund["status"] == "succeeded":
        refund |= {"status": "failed", "failure_reason": "unknown"}
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        desk.put(charge)
        desk.move("refund_failed", refund["amount"], charge, refund["id"])
        desk.emit("refund.failed", desk.put(refund))
    return refund


def _charge(desk: Desk, given: Body) -> Body:
    if "payment_intent" in given:
        intent = desk.need("payment_intent", given["payment_intent"], "payment_intent")
        if intent["latest_charge"] is None:
            raise invalid(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                code="charge_not_refundable",
            )
        return desk.need("charge", intent["latest_charge"])
    if "charge" in given:
        return desk.need("charge", given["charge"], "charge")
    raise malformed("One of the following params should be provided: charge, payment_intent.", param="charge")


def _give_back(desk: Desk, charge: Body, amount: int, given: Body) -> Body:
    pending = payment_methods.card_of(charge).refund == "pending"
    refund = desk.make(
        "re",
        "refund",
        amount=amount,
        balance_transaction=None,
        charge=charge["id"],
        currency=charge["currency"],
        failure_reason=None,
        metadata=merged({}, given.get("metadata", {})),
        payment_intent=charge["payment_intent"],
        reason=given.get("reason"),
        receipt_number=None,
        status="pending" if pending else "succeeded",
    )
    refund["balance_transaction"] = charges.balance_of_refund(desk, refund["id"], amount, charge["currency"])["id"]
    desk.put(refund)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    desk.put(charge)
    desk.move("refunded", amount, charge, refund["id"])
    desk.emit("refund.created", refund)
    desk.emit("charge.refunded", charge)
    return refund
