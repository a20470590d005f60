"""How much of a payment is authorised, captured and refunded?"""

from collections.abc import Mapping, Sequence

from tests.checker.folds.view import SQL, View
from tests.checker.happened import Happened, Json, picked

STATUS = {
    "authorization_requested": "AUTHORIZING",
    "authorization_succeeded": "AUTHORIZED",
    "authorization_failed": "FAILED",
    "authorization_action_required": "ACTION_REQUIRED",
    "authorization_unknown": "UNKNOWN",
    "capture_requested": "CAPTURING",
    "capture_succeeded": "CAPTURED",
    "capture_failed": "AUTHORIZED",
    "capture_unknown": "CAPTURE_UNKNOWN",
    "void_requested": "VOIDING",
    "voided": "VOIDED",
    "amount_mismatch_found": "MISMATCHED",
}
REFUND_STATUS = {
    "refund_requested": "REQUESTED",
    "refund_succeeded": "SUCCEEDED",
    "refund_failed": "FAILED",
    "refund_unknown": "UNKNOWN",
}
BEGINS = ("payment.created", "payment.adopted")


def begun(event: Happened) -> Json:
    """A payment's amounts where it begins; what another system took is captured."""
    data, adopted = event.data, event.type == "payment.adopted"
    taken = data["amount_minor"] if adopted else 0
    return {
        "id": data["payment_id"],
        "status": "ADOPTED" if adopted else "CREATED",
        "statusBeforeVoid": None,
        "type": data["type"] if adopted else "card",
        "sequence": data["sequence"] if adopted else 1,
        "instalments": data["instalments"] if adopted else 1,
        "amountMinor": data["amount_minor"],
        "authorizedMinor": taken,
        "capturedMinor": taken,
        "refundedMinor": 0,
        "currency": data["currency"],
        "declineCode": None,
        "refunds": [],
    }


def moved(payment: Json, event: Happened) -> Json:
    """The payment after an event that does not begin it."""
    word, data = event.type.partition(".")[2], event.data
    if word in REFUND_STATUS:
        return _refunded(payment, word, data)
    if word == "void_failed":
        return payment | {"status": payment["statusBeforeVoid"] or "AUTHORIZED", "statusBeforeVoid": None}
    changes: Json = {"status": STATUS[word]}
    if word == "authorization_succeeded":
        changes["authorizedMinor"] = data["amount_minor"]
    elif word == "authorization_failed":
        changes["declineCode"] = data["decline_code"]
    elif word == "capture_succeeded":
        changes["capturedMinor"] = data["amount_minor"]
    elif word == "void_requested":
        changes["statusBeforeVoid"] = payment["status"]
    elif word == "voided":
        changes |= {"authorizedMinor": 0, "statusBeforeVoid": None}
    elif word == "amount_mismatch_found":
        changes |= {"authorizedMinor": data["found_minor"], "currency": data["found_currency"]}
    return payment | changes


def _refunded(payment: Json, word: str, data: Json) -> Json:
    refund_id, status = data["refund_id"], REFUND_STATUS[word]
    if word == "refund_requested":
        others = [refund for refund in payment["refunds"] if refund["id"] != refund_id]
        new = {"id": refund_id, "status": status, **picked(data, "amount_minor", "reason")}
        return payment | {"refunds": [*others, new]}
    refunds = [refund | {"status": status} if refund["id"] == refund_id else refund for refund in payment["refunds"]]
    given_back = sum(refund["amountMinor"] for refund in refunds if refund["status"] == "SUCCEEDED")
    return payment | {"refunds": refunds, "refundedMinor": given_back}


def keys(event: Happened) -> Sequence[str]:
    return (event.data["payment_id"],) if event.room == "payment" else ()


def fold(payment: Json | None, event: Happened, key: str) -> Json | None:
    if event.type in BEGINS:
        payment = begun(event) | picked(event.data, "order_id", "customer_id")
        payment |= {"capturePolicy": event.data.get("capture_policy"), "createdAt": event.at}
        payment["imported"] = event.type == "payment.adopted"
    elif payment is not None:
        payment = moved(payment, event)
    return None if payment is None else payment | {"version": event.version, "updatedAt": event.at}


def columns(payment: Json) -> Mapping[str, object]:
    return {
        "order_id": payment["orderId"],
        "type": payment["type"],
        "state": payment["status"],
        "authorised_minor": payment["authorizedMinor"],
        "captured_minor": payment["capturedMinor"],
        "refunded_minor": payment["refundedMinor"],
        "currency": payment["currency"],
        "instalments": payment["instalments"],
        "origin": "import" if payment["imported"] else None,
    }


PAYMENTS = View(name="payments", keys=keys, fold=fold, stores=(SQL,), columns=columns)
