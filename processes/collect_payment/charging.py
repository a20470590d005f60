"""The calls on the payment provider: authorise, capture, void, and ask what became of an earlier call.

Named fallbacks (REQUIREMENTS R1): where the provider does not say what came of an authorisation or a capture, that is
recorded as unknown, and it is asked until it says. A void is wished again under the same key.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from infra.ports import Charge, ChargeState, Effect, OutcomeUnknown, PaymentOrder, PaymentProvider, ProviderRefused
from processes.collect_payment.wishes import AUTHORISE, CAPTURE, FIND, VOID
from processes.running.outbox import FAILED, SUCCEEDED, UNKNOWN, Performer, Report
from write_model.kernel.message import Command
from write_model.payment.commands import (
    RecordActionRequired,
    RecordAuthorizationFailed,
    RecordAuthorized,
    RecordCaptured,
    RecordCaptureFailed,
    RecordOutcomeUnknown,
    RecordVoided,
    RecordVoidFailed,
)

VOID_RETRIES = 8  # then the process wishes for a new one
SURE = (ChargeState.CAPTURED, ChargeState.AUTHORISED, ChargeState.REQUIRES_ACTION, ChargeState.PROCESSING)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An effect's payload, as far as a kind needs it."""

    payment_id: UUID
    order_id: UUID | None = None
    amount_minor: int = 0
    currency: str = ""
    method: str = ""
    ref: str = ""
    operation: str = AUTHORISE
    ended: bool = False


_ASKED = msgspec.json.Decoder(Asked)


def performers(provider: PaymentProvider) -> Mapping[str, Performer]:
    """By kind of effect."""
    charging = Charging(provider)
    return {
        AUTHORISE: Performer(perform=charging.authorise, unresolved=_outcome_unknown),
        CAPTURE: Performer(perform=charging.capture, unresolved=_outcome_unknown),
        VOID: Performer(perform=charging.void, unresolved=_void_failed, retries=VOID_RETRIES, repeats_unknown=True),
        FIND: Performer(perform=charging.find, unresolved=_not_found_out, repeats_unknown=True),
    }


class Charging:
    def __init__(self, provider: PaymentProvider) -> None:
        self._provider = provider

    async def authorise(self, effect: Effect) -> Report:
        return await self._authorise(_ASKED.decode(effect.payload), effect.idempotency_key)

    async def capture(self, effect: Effect) -> Report:
        asked = _ASKED.decode(effect.payload)
        try:
            charge = await self._provider.capture(asked.ref, asked.amount_minor, effect.idempotency_key)
        except ProviderRefused as refused:
            failed = RecordCaptureFailed(payment_id=asked.payment_id, reason_code=refused.code)
            return Report(FAILED, "capture failed", failed, {"code": refused.code})
        if charge.state is ChargeState.AUTHORISED:
            failed = RecordCaptureFailed(payment_id=asked.payment_id, reason_code="not_captured")
            return Report(FAILED, "not captured", failed, _facts(charge))
        return _told(asked.payment_id, charge)

    async def void(self, effect: Effect) -> Report:
        """What was captured before is told as such: then it is refunded."""
        asked = _ASKED.decode(effect.payload)
        try:
            charge = await self._provider.void(asked.ref, effect.idempotency_key)
        except ProviderRefused as refused:
            return _void_failed(effect, refused.code)
        if charge.state is ChargeState.FAILED:  # nothing was held
            voided = RecordVoided(payment_id=asked.payment_id, provider_ref=charge.ref, provider_at=charge.at)
            return Report(SUCCEEDED, "voided", voided, _facts(charge))
        if charge.state not in (ChargeState.CANCELLED, ChargeState.CAPTURED):
            return _void_failed(effect, charge.state.value.lower())
        return _told(asked.payment_id, charge)

    async def find(self, effect: Effect) -> Report:
        """Nothing at all, or no word of it: an order that lives is authorised again, under the first time's key."""
        asked = _ASKED.decode(effect.payload)
        if asked.order_id is None:
            return Report(FAILED, "no order")
        try:
            charge = _the_one(await self._provider.find(asked.order_id))
        except OutcomeUnknown:
            if asked.operation != AUTHORISE or asked.ended:
                raise
            return await self._authorise(asked, effect.idempotency_key)
        if charge is not None:
            return _found(asked, charge)
        if asked.operation != AUTHORISE:
            return Report(UNKNOWN, "nothing found")
        if asked.ended:
            return Report(
                SUCCEEDED,
                "nothing to void",
                RecordVoided(payment_id=asked.payment_id, provider_ref=None, provider_at=None),
            )
        return await self._authorise(asked, effect.idempotency_key)

    async def _authorise(self, asked: Asked, key: str) -> Report:
        if asked.order_id is None:
            return Report(FAILED, "no order")
        wanted = PaymentOrder(
            order_id=asked.order_id,
            payment_id=asked.payment_id,
            amount_minor=asked.amount_minor,
            currency=asked.currency,
            method=asked.method,
            key=key,
        )
        try:
            charge = await self._provider.authorise(wanted)
        except ProviderRefused as refused:
            declined = RecordAuthorizationFailed(
                payment_id=asked.payment_id, provider_ref=None, decline_code=refused.code, provider_at=None
            )
            return Report(FAILED, "refused", declined, {"code": refused.code})
        return _told(asked.payment_id, charge)


def _the_one(charges: Sequence[Charge]) -> Charge | None:
    """Where there are several, the one with money in it counts; else the newest."""
    for state in SURE:
        for charge in charges:
            if charge.state is state:
                return charge
    return charges[-1] if charges else None


def _found(asked: Asked, charge: Charge) -> Report:
    """An authorisation that stands means that the capture or void did not happen."""
    if charge.state is ChargeState.AUTHORISED and asked.operation == CAPTURE:
        failed = RecordCaptureFailed(payment_id=asked.payment_id, reason_code="not_captured")
        return Report(SUCCEEDED, "found not captured", failed, _facts(charge))
    return _told(asked.payment_id, charge)


def _told(payment_id: UUID, charge: Charge) -> Report:
    """What the provider says of a charge, as a command."""
    command = _command(payment_id, charge)
    state = UNKNOWN if command is None else FAILED if charge.state is ChargeState.FAILED else SUCCEEDED
    return Report(state, charge.state.value.lower(), command, _facts(charge))


def _command(payment_id: UUID, charge: Charge) -> Command | None:
    match charge.state:
        case ChargeState.AUTHORISED:
            return RecordAuthorized(
                payment_id=payment_id,
                provider_ref=charge.ref,
                amount_minor=charge.amount_minor,
                currency=charge.currency,
                provider_at=charge.at,
            )
        case ChargeState.CAPTURED:
            return RecordCaptured(
                payment_id=payment_id,
                provider_ref=charge.ref,
                amount_minor=charge.captured_minor,
                currency=charge.currency,
                provider_at=charge.at,
            )
        case ChargeState.REQUIRES_ACTION:
            return RecordActionRequired(
                payment_id=payment_id,
                provider_ref=charge.ref,
                client_action=charge.client_action or "",
                provider_at=charge.at,
            )
        case ChargeState.FAILED:
            return RecordAuthorizationFailed(
                payment_id=payment_id,
                provider_ref=charge.ref,
                decline_code=charge.decline_code or "declined",
                provider_at=charge.at,
            )
        case ChargeState.CANCELLED:
            return RecordVoided(payment_id=payment_id, provider_ref=charge.ref, provider_at=charge.at)
        case ChargeState.PROCESSING:
            return RecordOutcomeUnknown(payment_id=payment_id, reason="processing")


def _facts(charge: Charge) -> Mapping[str, object]:
    return {"ref": charge.ref, "state": charge.state.value, "amount_minor": charge.amount_minor}


def _outcome_unknown(effect: Effect, reason: str) -> Report:
    asked = _ASKED.decode(effect.payload)
    return Report(UNKNOWN, "unknown", RecordOutcomeUnknown(payment_id=asked.payment_id, reason=reason))


def _void_failed(effect: Effect, reason: str) -> Report:
    asked = _ASKED.decode(effect.payload)
    failed = RecordVoidFailed(payment_id=asked.payment_id, reason_code=reason)
    return Report(FAILED, "void failed", failed, {"code": reason})


def _not_found_out(effect: Effect, reason: str) -> Report:
    """The process asks again by its timer."""
    return Report(UNKNOWN, reason)
