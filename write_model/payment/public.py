"""What is answered to who has asked something of a payment. Outsiders hear of it by its order."""

from write_model.payment.state import Payment


def answer(payment: Payment) -> dict[str, object]:
    """The body of a command's answer. Amounts in minor units."""
    return {
        "id": None if payment.payment_id is None else str(payment.payment_id),
        "orderId": None if payment.order_id is None else str(payment.order_id),
        "status": payment.status,
        "currency": payment.held_currency,
        "amountMinor": payment.amount_minor,
        "authorizedMinor": payment.authorized_minor,
        "capturedMinor": payment.captured_minor,
        "refundedMinor": payment.refunded_minor,
        "refundableMinor": payment.refundable_minor,
        "refunds": [
            {"id": str(refund_id), "status": refund.status, "amountMinor": refund.amount_minor}
            for refund_id, refund in payment.refunds.items()
        ],
    }
