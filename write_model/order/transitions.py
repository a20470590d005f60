"""Which step is allowed in which state of an order, and where does it lead? The table is data: the docs draw it."""

from collections.abc import Mapping
from dataclasses import dataclass

from write_model.kernel.refused import Refused

NONE, PENDING, CONFIRMED, COMPLETED = "NONE", "PENDING", "CONFIRMED", "COMPLETED"
CANCELLED, EXPIRED = "CANCELLED", "EXPIRED"
ENDED = frozenset({CANCELLED, EXPIRED})


class WrongState(Refused):
    code = "order.wrong_state"


@dataclass(frozen=True, slots=True)
class Step:
    allowed: tuple[str, ...]  # the states it starts from
    leads_to: str | None = None  # None: the state stays


_MONEY = Step((CONFIRMED, COMPLETED, CANCELLED, EXPIRED))  # money is a fact, also of an order that has ended

TABLE: Mapping[str, Step] = {
    "PlaceOrder": Step((NONE,), PENDING),
    "AdoptOrder": Step((NONE,)),  # leads to what the other system's status means
    "AdoptItem": Step((PENDING, CONFIRMED, COMPLETED, CANCELLED)),
    "RecordPaymentAuthorized": Step((PENDING,)),
    "RecordPaymentDeclined": Step((PENDING,)),
    "RecordPaymentActionRequired": Step((PENDING,)),
    "RecordPaymentOutcomeUnknown": Step((PENDING,)),
    "ConfirmOrder": Step((PENDING,), CONFIRMED),
    "CancelOrder": Step((PENDING, CONFIRMED), CANCELLED),
    "ExpireOrder": Step((PENDING,), EXPIRED),
    "RecordPaymentCaptured": _MONEY,
    "RecordPaymentVoided": Step((PENDING, CONFIRMED, CANCELLED, EXPIRED)),
    "RecordRefundCompleted": _MONEY,
    "RecordRefundFailed": _MONEY,
}


def check(lifecycle: str, step: str) -> None:
    """Raises WrongState with the state and those that would allow the step."""
    allowed = TABLE[step].allowed
    if lifecycle not in allowed:
        raise WrongState(state=lifecycle, allowed=list(allowed))
