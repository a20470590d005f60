"""What a customer is told of the own profile. Outsiders learn nothing of a customer."""

from write_model.customer.decider import Customer


def answer(customer: Customer) -> dict[str, object]:
    """The body of a command's answer: nothing personal."""
    return {"id": str(customer.customer_id), "status": customer.status, "locale": customer.locale}


def profile(customer: Customer) -> dict[str, object]:
    """All that the customer may read of the own profile. Personal: for its owner's eyes, never stored."""
    return {**answer(customer), "email": customer.email, "name": customer.name}
