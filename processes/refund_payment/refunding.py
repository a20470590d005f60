"""The provider gives money back. Whether it did is asked by the same call under the same key."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from infra.ports import Effect, PaymentProvider, ProviderRefused
from processes.refund_payment.process import REFUND
from processes.running.outbox import FAILED, SUCCEEDED, UNKNOWN, Performer, Report
from write_model.payment.commands import RecordOutcomeUnknown, RecordRefundFailed, RecordRefundSucceeded

RETRIES = 6


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    payment_id: UUID
    refund_id: UUID
    ref: str
    amount_minor: int


_ASKED = msgspec.json.Decoder(Asked)


def performers(provider: PaymentProvider) -> Mapping[str, Performer]:
    async def refund(effect: Effect) -> Report:
        asked = _ASKED.decode(effect.payload)
        try:
            result = await provider.refund(asked.ref, asked.amount_minor, effect.idempotency_key)
        except ProviderRefused as refused:
            return _failed(asked, refused.code)
        if not result.succeeded:
            return _failed(asked, result.code or "refund_failed")
        done = RecordRefundSucceeded(
            payment_id=asked.payment_id,
            refund_id=asked.refund_id,
            provider_refund=result.ref,
            amount_minor=result.amount_minor,
            provider_at=result.at,
        )
        return Report(SUCCEEDED, "refunded", done, {"ref": result.ref})

    return {REFUND: Performer(perform=refund, unresolved=_unknown, retries=RETRIES, repeats_unknown=True)}


def _failed(asked: Asked, code: str) -> Report:
    failed = RecordRefundFailed(payment_id=asked.payment_id, refund_id=asked.refund_id, reason_code=code)
    return Report(FAILED, "refund failed", failed, {"code": code})


def _unknown(effect: Effect, reason: str) -> Report:
    """The claim stays: the money may be gone."""
    asked = _ASKED.decode(effect.payload)
    unknown = RecordOutcomeUnknown(payment_id=asked.payment_id, reason=reason, refund_id=asked.refund_id)
    return Report(UNKNOWN, "unknown", unknown)
