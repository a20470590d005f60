"""A letter is written from the order as it was placed, and handed to the mail server.

Whom it goes to is read from the log at the notification's position: personal data is nowhere in `work`. Who was erased
meanwhile gets no letter.
"""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from infra.ports import Effect, LogReader, Mailer, ProviderRefused
from processes.notify_customer.letters import Letters
from processes.notify_customer.process import MAIL
from processes.running.outbox import FAILED, SUCCEEDED, UNKNOWN, Performer, Report
from processes.running.tail import Decode
from write_model.notification.commands import RecordMailAccepted, RecordMailFailed
from write_model.order.events import OrderPlaced

RETRIES = 8


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    notification_id: UUID
    template: str
    locale: str
    position: int


_ASKED = msgspec.json.Decoder(Asked)


def performers(reader: LogReader, decode: Decode, mailer: Mailer, letters: Letters) -> Mapping[str, Performer]:
    async def send(effect: Effect) -> Report:
        asked = _ASKED.decode(effect.payload)
        envelopes = await decode(await reader.read(asked.position - 1, 1))
        placed = envelopes[0].event if envelopes else None
        if not isinstance(placed, OrderPlaced):
            return _failed(asked, "order_unreadable")
        if placed.contact_email is None:
            return _failed(asked, "recipient_erased")
        letter = letters.write(asked.template, asked.locale, placed, placed.contact_email)
        try:
            await mailer.send(letter, effect.idempotency_key)
        except ProviderRefused as refused:
            return _failed(asked, refused.code)
        accepted = RecordMailAccepted(notification_id=asked.notification_id, message_id=effect.idempotency_key)
        return Report(SUCCEEDED, "accepted", accepted)

    return {MAIL: Performer(perform=send, unresolved=_unresolved, retries=RETRIES, repeats_unknown=True)}


def _failed(asked: Asked, code: str) -> Report:
    failed = RecordMailFailed(notification_id=asked.notification_id, reason_code=code)
    return Report(FAILED, "mail failed", failed, {"code": code})


def _unresolved(effect: Effect, reason: str) -> Report:
    """The fallback: the message in the app is there, and the notification says that the letter may not be."""
    asked = _ASKED.decode(effect.payload)
    failed = RecordMailFailed(notification_id=asked.notification_id, reason_code=reason)
    return Report(UNKNOWN, "mail failed", failed, {"code": reason})
