"""How far has the collecting of one order's money come?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from write_model.order.events import Reservation

NONE, AUTHORISING, ACTION, UNKNOWN = "NONE", "AUTHORISING", "ACTION", "UNKNOWN"
CAPTURING, HELD, VOIDING, REFUNDING, DONE, CLOSED = "CAPTURING", "HELD", "VOIDING", "REFUNDING", "DONE", "CLOSED"
OPEN = frozenset({AUTHORISING, ACTION, UNKNOWN})  # the authorisation is on its way
ENDED = frozenset({VOIDING, REFUNDING, CLOSED})  # no money is wanted any more: what is there goes back


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting:
    stage: str = NONE
    order_id: UUID | None = None
    payment_id: UUID | None = None
    amount_minor: int = 0
    currency: str = ""
    method: str = ""
    on_shipment: bool = False
    reservations: tuple[Reservation, ...] = ()
    expires_at: datetime | None = None  # then the order ends, if no money has come
    authorise_key: str = ""  # the provider's idempotency key of the authorisation: one for ever
    capturing: bool = False  # a capture has been asked for and not been answered
    asks: int = 0  # how often the provider was asked since the last answer
    captures: int = 0  # captures that failed
