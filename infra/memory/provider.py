"""The twin of the payment provider: the same states, refusals and declines, in process, with trouble on demand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

from infra.ports import (
    Charge,
    ChargeState,
    OutcomeUnknown,
    PaymentOrder,
    ProviderRefused,
    ProviderUnavailable,
    RefundResult,
)

DECLINES = {
    "pm_card_visa_chargeDeclined": "generic_decline",
    "pm_card_chargeDeclined": "generic_decline",
    "pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "insufficient_funds",
    "pm_card_chargeDeclinedLostCard": "lost_card",
    "pm_card_chargeDeclinedStolenCard": "stolen_card",
    "pm_card_chargeDeclinedExpiredCard": "expired_card",
    "pm_card_chargeDeclinedIncorrectCvc": "incorrect_cvc",
    "pm_card_chargeDeclinedProcessingError": "processing_error",
}
AUTHENTICATED = ("pm_card_authenticationRequired", "pm_card_threeDSecure2Required")
GOOD = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex")
SMALLEST, LARGEST = 50, 99_999_999


class Clock(Protocol):
    async def now(self) -> datetime: ...


class Trouble(Enum):
    """What goes wrong, and whether the act happened before."""

    UNAVAILABLE = "UNAVAILABLE"  # nothing was done, and the caller knows
    UNKNOWN_BEFORE = "UNKNOWN_BEFORE"  # nothing was done, the caller can't know
    UNKNOWN_AFTER = "UNKNOWN_AFTER"  # all was done, the caller can't know


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of the ledger."""

    kind: str  # authorised, captured, voided, refunded
    amount_minor: int
    ref: str
    order_id: UUID
    payment_id: UUID
    key: str
    at: datetime


@dataclass(slots=True)
class _Intent:
    ref: str
    order: PaymentOrder
    state: ChargeState
    at: datetime
    amount_minor: int
    captured: int = 0
    refunded: int = 0
    decline_code: str | None = None


@dataclass(slots=True)
class MemoryProvider:
    """`tell` hears what Stripe's webhooks would say: the event's type, and the charge as it is then."""

    clock: Clock
    tell: Callable[[str, Charge], None] | None = None
    ledger: list[Movement] = field(default_factory=list)
    altered_minor: int | None = None  # the next authorisation holds this instead
    _intents: dict[str, _Intent] = field(default_factory=dict)
    _done: dict[str, tuple[tuple[object, ...], str]] = field(default_factory=dict)
    _refunds: dict[str, RefundResult] = field(default_factory=dict)
    _troubles: list[tuple[str, Trouble]] = field(default_factory=list)

    def fail(self, operation: str, trouble: Trouble, times: int = 1) -> None:
        """The next calls of authorise, capture, void, refund or find ("*": of any) go wrong."""
        self._troubles += [(operation, trouble)] * times

    async def authenticate(self, ref: str, succeed: bool = True) -> Charge:
        """The customer has finished 3-D Secure."""
        intent = self._intents[ref]
        if intent.state is not ChargeState.REQUIRES_ACTION:
            raise ProviderRefused("payment_intent_unexpected_state")
        intent.at = await self.clock.now()
        if succeed:
            self._hold(intent, intent.order.key)
        else:
            intent.state, intent.decline_code = ChargeState.FAILED, "payment_intent_authentication_failure"
            self._say("payment_intent.payment_failed", intent)
        return _charge(intent)

    async def authorise(self, order: PaymentOrder) -> Charge:
        now = await self.clock.now()
        before = self._before("authorise")
        asked = (order.order_id, order.payment_id, order.amount_minor, order.currency, order.method)
        ref = self._replay("authorise", order.key, asked)
        if ref is None:
            ref = self._create(order, now)
            self._done[order.key] = (("authorise", *asked), ref)
        _after(before)
        return _charge(self._intents[ref])

    async def capture(self, ref: str, amount_minor: int, key: str) -> Charge:
        now = await self.clock.now()
        before = self._before("capture")
        intent = self._intent(ref)
        if self._replay("capture", key, (ref, amount_minor)) is None:
            self._capture(intent, amount_minor, key, now)
            self._done[key] = (("capture", ref, amount_minor), ref)
        _after(before)
        return _charge(intent)

    async def void(self, ref: str, key: str) -> Charge:
        now = await self.clock.now()
        before = self._before("void")
        intent = self._intent(ref)
        if self._replay("void", key, (ref,)) is None:
            self._void(intent, key, now)
            self._done[key] = (("void", ref), ref)
        _after(before)
        return _charge(intent)

    async def refund(self, ref: str, amount_minor: int, key: str) -> RefundResult:
        now = await self.clock.now()
        before = self._before("refund")
        intent = self._intent(ref)
        made = self._replay("refund", key, (ref, amount_minor))
        if made is None:
            made = self._give_back(intent, amount_minor, key, now)
            self._done[key] = (("refund", ref, amount_minor), made)
        _after(before)
        return self._refunds[made]

    async def find(self, order_id: UUID) -> Sequence[Charge]:
        before = self._before("find", changes=False)
        _after(before)
        found = [_charge(each) for each in self._intents.values() if each.order.order_id == order_id]
        return sorted(found, key=lambda each: (each.at, each.ref))

    def balance(self, order_id: UUID) -> dict[str, int]:
        """Sums of the ledger for an order; `held` is what no capture and no void has ended."""
        sums = dict.fromkeys(("authorised", "captured", "voided", "refunded"), 0)
        for line in self.ledger:
            if line.order_id == order_id:
                sums[line.kind] += line.amount_minor
        sums["held"] = sums["authorised"] - sums["captured"] - sums["voided"]
        return sums

    # ------------------------------------------------------------ the states

    def _create(self, order: PaymentOrder, now: datetime) -> str:
        if order.amount_minor < SMALLEST:
            raise ProviderRefused("amount_too_small" if order.amount_minor > 0 else "parameter_invalid_integer")
        if order.amount_minor > LARGEST:
            raise ProviderRefused("amount_too_large")
        if order.method not in (*GOOD, *DECLINES, *AUTHENTICATED):
            raise ProviderRefused("resource_missing")
        amount, self.altered_minor = self.altered_minor or order.amount_minor, None
        ref = f"pi_{len(self._intents) + 1:08}"
        intent = self._intents[ref] = _Intent(ref, order, ChargeState.PROCESSING, now, amount)
        if order.method in AUTHENTICATED:
            intent.state = ChargeState.REQUIRES_ACTION
            self._say("payment_intent.requires_action", intent)
        elif order.method in DECLINES:
            intent.state, intent.decline_code = ChargeState.FAILED, DECLINES[order.method]
            self._say("payment_intent.payment_failed", intent)
        else:
            self._hold(intent, order.key)
        return ref

    def _hold(self, intent: _Intent, key: str) -> None:
        intent.state = ChargeState.AUTHORISED
        self._move("authorised", intent.amount_minor, intent, key, intent.at)
        self._say("payment_intent.amount_capturable_updated", intent)

    def _capture(self, intent: _Intent, amount: int, key: str, now: datetime) -> None:
        if amount < 1:
            raise ProviderRefused("parameter_invalid_integer")
        if intent.state is not ChargeState.AUTHORISED:
            return
        if amount > intent.amount_minor:
            raise ProviderRefused("amount_too_large")
        intent.state, intent.captured, intent.at = ChargeState.CAPTURED, amount, now
        self._move("captured", amount, intent, key, now)
        if intent.amount_minor > amount:
            self._move("voided", intent.amount_minor - amount, intent, key, now)
        self._say("payment_intent.succeeded", intent)

    def _void(self, intent: _Intent, key: str, now: datetime) -> None:
        if intent.state in (ChargeState.CAPTURED, ChargeState.CANCELLED):
            return
        if intent.state is ChargeState.AUTHORISED:
            self._move("voided", intent.amount_minor, intent, key, now)
        intent.state, intent.at, intent.decline_code = ChargeState.CANCELLED, now, None
        self._say("payment_intent.canceled", intent)

    def _give_back(self, intent: _Intent, amount: int, key: str, now: datetime) -> str:
        left = intent.captured - intent.refunded
        if amount < 1:
            raise ProviderRefused("parameter_invalid_integer")
        if intent.state is not ChargeState.CAPTURED:
            raise ProviderRefused("charge_not_refundable")
        if left == 0:
            raise ProviderRefused("charge_already_refunded")
        if amount > left:
            raise ProviderRefused("invalid_amount")
        ref = f"re_{len(self._refunds) + 1:08}"
        self._refunds[ref] = RefundResult(ref, True, amount, now)
        intent.refunded += amount
        self._move("refunded", amount, intent, key, now)
        self._say("charge.refunded", intent)
        return ref

    # ------------------------------------------------------------ around them

    def _intent(self, ref: str) -> _Intent:
        if ref not in self._intents:
            raise ProviderRefused("resource_missing")
        return self._intents[ref]

    def _replay(self, operation: str, key: str, asked: tuple[object, ...]) -> str | None:
        """What the same key made before. Raises ProviderRefused when it asked for something else."""
        if key not in self._done:
            return None
        before, made = self._done[key]
        if before != (operation, *asked):
            raise ProviderRefused("idempotency_error")
        return made

    def _before(self, operation: str, *, changes: bool = True) -> Trouble | None:
        """Trouble before the act is raised, trouble after it is given back."""
        for place, (named, trouble) in enumerate(self._troubles):
            if named not in ("*", operation):
                continue
            del self._troubles[place]
            if trouble is Trouble.UNAVAILABLE or not changes:
                raise ProviderUnavailable("asked for", 1.0)
            if trouble is Trouble.UNKNOWN_BEFORE:
                raise OutcomeUnknown("asked for")
            return trouble
        return None

    def _move(self, kind: str, amount: int, intent: _Intent, key: str, at: datetime) -> None:
        order = intent.order
        self.ledger.append(Movement(kind, amount, intent.ref, order.order_id, order.payment_id, key, at))

    def _say(self, kind: str, intent: _Intent) -> None:
        if self.tell is not None:
            self.tell(kind, _charge(intent))


def _after(trouble: Trouble | None) -> None:
    if trouble is not None:
        raise OutcomeUnknown("asked for")


def _charge(intent: _Intent) -> Charge:
    waiting = intent.state is ChargeState.REQUIRES_ACTION
    return Charge(
        ref=intent.ref,
        order_id=intent.order.order_id,
        state=intent.state,
        amount_minor=intent.amount_minor,
        captured_minor=intent.captured,
        refunded_minor=intent.refunded,
        currency=intent.order.currency,
        at=intent.at,
        decline_code=intent.decline_code,
        client_action=f"use_stripe_sdk:{intent.ref}" if waiting else None,
    )
