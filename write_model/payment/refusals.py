"""Why may a payment not do what is wished?"""

from write_model.kernel.refused import Kind, Refused


class Missing(Refused):
    code = "payment.unknown"
    kind = Kind.MISSING


class AlreadyThere(Refused):
    code = "payment.already_there"


class AmountInvalid(Refused):
    code = "payment.amount_invalid"
    kind = Kind.INVALID


class MethodInvalid(Refused):
    code = "payment.method_invalid"
    kind = Kind.INVALID


class WrongState(Refused):
    code = "payment.wrong_state"


class RefDiffers(Refused):
    """The provider speaks of another payment than the one that we know."""

    code = "payment.ref_differs"


class ExceedsAuthorized(Refused):
    code = "payment.exceeds_authorized"


class ExceedsCaptured(Refused):
    code = "payment.exceeds_captured"


class OutcomePending(Refused):
    """The provider's answer to an earlier wish must be known first."""

    code = "payment.outcome_pending"


class AlreadyCaptured(Refused):
    """The money has moved: it is given back by a refund."""

    code = "payment.already_captured"


class RefundMissing(Refused):
    code = "payment.refund_unknown"
    kind = Kind.MISSING


class RefundDiffers(Refused):
    code = "payment.refund_differs"
