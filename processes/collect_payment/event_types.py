"""Which of the provider's events mean something here? Its webhook endpoint asks for these and no others."""

HELD = "payment_intent.amount_capturable_updated"
CAPTURED = "payment_intent.succeeded"
FAILED = "payment_intent.payment_failed"
ACTION = "payment_intent.requires_action"
CANCELLED = "payment_intent.canceled"
MEANT = frozenset({HELD, CAPTURED, FAILED, ACTION, CANCELLED})
