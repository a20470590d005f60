"""Whose payment is it? Every event says so."""

from typing import TypedDict
from uuid import UUID

from write_model.payment import refusals
from write_model.payment.state import Payment


class Whose(TypedDict):
    payment_id: UUID
    order_id: UUID
    customer_id: UUID


def whose(payment: Payment) -> Whose:
    """Raises Missing for a payment that does not exist."""
    if payment.payment_id is None or payment.order_id is None or payment.customer_id is None:
        raise refusals.Missing
    return Whose(payment_id=payment.payment_id, order_id=payment.order_id, customer_id=payment.customer_id)
