"""How letters read, and to whom they go."""

import json
from dataclasses import replace
from typing import Any

import pytest

from infra.memory.mail import MemoryMailer
from infra.ports import Effect, OutcomeUnknown, ProviderRefused, Stored
from processes.notify_customer.letters import Letters
from processes.notify_customer.sending import performers
from processes.running.outbox import Performer
from tests.kit.builders import order as an
from tests.kit.builders.ids import an_id
from tests.kit.given_process import told
from write_model.notification.commands import RecordMailAccepted, RecordMailFailed
from write_model.order.events import OrderPlaced

NOTIFICATION = an_id("notification")


@pytest.mark.parametrize(
    ("locale", "subject", "words"),
    [
        ("es", "Pedido ABCDEFGHIJ confirmado", ["Hola Ada", "1 × Cámara: $25,00", "Total: $25,00", "Guayaquil"]),
        ("en-US", "Order ABCDEFGHIJ confirmed", ["Hello Ada", "1 × Camera: $25.00", "Total: $25.00", "Guayaquil"]),
    ],
)
def test_a_confirmation_says_what_was_bought_in_the_customers_language(
    locale: str, subject: str, words: list[str]
) -> None:
    letter = Letters().write("order_confirmed", locale, an.PLACED, "ada@example.com")
    assert (letter.to, letter.subject) == ("ada@example.com", subject)
    for word in words:
        assert word in letter.text
    assert "<mj-" not in letter.html
    assert "{{" not in letter.html + letter.text + letter.subject
    assert "{%" not in letter.html + letter.text
    assert "ABCDEFGHIJ" in letter.html


def test_what_a_customer_is_called_is_no_markup() -> None:
    placed = _placed(contact_name="<script>alert(1)</script>")
    letter = Letters().write("order_confirmed", "es", placed, "ada@example.com")
    assert "<script>" not in letter.html
    assert "&lt;script&gt;" in letter.html


def test_a_customer_without_a_name_or_address_is_greeted_all_the_same() -> None:
    letter = Letters().write("order_confirmed", "es", _placed(contact_name=None, address=None), "ada@example.com")
    assert letter.text.startswith("Hola:\n")


def test_a_template_that_there_is_not_is_no_letter() -> None:
    with pytest.raises(FileNotFoundError):
        Letters().write("nothing", "es", an.PLACED, "ada@example.com")


def _placed(**changes: Any) -> OrderPlaced:
    return replace(an.PLACED, **changes)


class OneOrder:
    """A log whose position 7 is this order."""

    def __init__(self, placed: OrderPlaced | None) -> None:
        self._placed = placed
        self.asked: list[int] = []

    async def read(self, after: int, limit: int, types: object = ()) -> list[Stored]:
        self.asked.append(after)
        assert limit == 1
        return []

    async def decode(self, rows: object) -> list[Any]:
        return [] if self._placed is None else [told(self._placed, 7)]


def performer(placed: OrderPlaced | None, mailer: MemoryMailer) -> tuple[OneOrder, Performer]:
    log = OneOrder(placed)
    return log, performers(log, log.decode, mailer, Letters())["mail"]  # type: ignore[arg-type]


def effect() -> Effect:
    facts = {"notification_id": str(NOTIFICATION), "template": "order_confirmed", "locale": "es", "position": 7}
    return Effect(an_id("effect"), "notify_customer", "o", "mail", str(NOTIFICATION), json.dumps(facts).encode(), 1, 1)


async def test_a_letter_goes_to_the_address_that_stands_in_the_order() -> None:
    mailer = MemoryMailer()
    log, mail = performer(an.PLACED, mailer)
    report = await mail.perform(effect())
    assert log.asked == [6], "the one row at the notification's position"
    assert [letter.to for letter in mailer.delivered.values()] == ["ada@example.com"]
    assert report.command == RecordMailAccepted(notification_id=NOTIFICATION, message_id=str(NOTIFICATION))


async def test_a_letter_that_is_sent_twice_is_one_letter() -> None:
    mailer = MemoryMailer()
    _, mail = performer(an.PLACED, mailer)
    mailer.fail(OutcomeUnknown("timeout"), delivered=True)
    with pytest.raises(OutcomeUnknown):
        await mail.perform(effect())
    await mail.perform(effect())
    assert len(mailer.delivered) == 1
    assert mail.repeats_unknown


async def test_who_was_erased_gets_no_letter() -> None:
    mailer = MemoryMailer()
    _, mail = performer(an.placed(email=None), mailer)
    report = await mail.perform(effect())
    assert report.command == RecordMailFailed(notification_id=NOTIFICATION, reason_code="recipient_erased")
    assert mailer.delivered == {}


async def test_an_order_that_cannot_be_read_is_no_letter() -> None:
    _, mail = performer(None, MemoryMailer())
    assert (await mail.perform(effect())).command == RecordMailFailed(
        notification_id=NOTIFICATION, reason_code="order_unreadable"
    )


async def test_an_address_that_the_server_refuses_is_told() -> None:
    mailer = MemoryMailer()
    mailer.fail(ProviderRefused("mail.mailbox_unknown"))
    _, mail = performer(an.PLACED, mailer)
    report = await mail.perform(effect())
    assert report.command == RecordMailFailed(notification_id=NOTIFICATION, reason_code="mail.mailbox_unknown")


def test_a_letter_that_could_not_be_sent_at_last_is_told() -> None:
    _, mail = performer(an.PLACED, MemoryMailer())
    assert mail.unresolved(effect(), "unavailable").command == RecordMailFailed(
        notification_id=NOTIFICATION, reason_code="unavailable"
    )
