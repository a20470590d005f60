"""What is asked of the outside world: the payment provider, and mail."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID


class ChargeState(Enum):
    PROCESSING = "PROCESSING"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    AUTHORISED = "AUTHORISED"
    CAPTURED = "CAPTURED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """What to authorise. `key` is the idempotency key, stored before the call."""

    order_id: UUID
    payment_id: UUID
    amount_minor: int
    currency: str
    method: str  # the provider's id of the payment method
    key: str


@dataclass(frozen=True, slots=True)
class Charge:
    """What the provider says of one payment."""

    ref: str  # the provider's id
    order_id: UUID | None
    state: ChargeState
    amount_minor: int
    captured_minor: int
    refunded_minor: int
    currency: str
    at: datetime  # the provider's time
    decline_code: str | None = None
    client_action: str | None = None  # what the customer's browser needs to go on


@dataclass(frozen=True, slots=True)
class RefundResult:
    ref: str
    succeeded: bool
    amount_minor: int
    at: datetime
    code: str | None = None


class OutcomeUnknown(Exception):
    """The provider may or may not have acted: ask it before anything else."""


class ProviderUnavailable(Exception):
    """The provider has not acted (refused connection, open breaker, 429): try again later."""

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ProviderRefused(Exception):
    """The provider says no, for good."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PaymentProvider(Protocol):
    """Every method may raise OutcomeUnknown, ProviderUnavailable, ProviderRefused. A decline is an answer."""

    async def authorise(self, order: PaymentOrder) -> Charge: ...

    async def capture(self, ref: str, amount_minor: int, key: str) -> Charge: ...

    async def void(self, ref: str, key: str) -> Charge: ...

    async def refund(self, ref: str, amount_minor: int, key: str) -> RefundResult: ...

    async def find(self, order_id: UUID) -> Sequence[Charge]:
        """All charges made for an order."""


@dataclass(frozen=True, slots=True)
class Mail:
    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


class Mailer(Protocol):
    async def send(self, mail: Mail, key: str) -> None:
        """`key` makes the Message-ID, so that a repeat is recognised.

        Raises ProviderUnavailable, OutcomeUnknown, or ProviderRefused (an address that will never take it).
        """
