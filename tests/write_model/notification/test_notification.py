from dataclasses import replace

import pytest

from tests.kit.builders.envelopes import envelopes
from tests.kit.builders.ids import CUSTOMER_ID, ORDER_ID, an_id
from tests.kit.given import NOW, given
from write_model.kernel.change import Change
from write_model.notification.commands import (
    NotificationCommand,
    PostNotification,
    ReadNotification,
    RecordMailAccepted,
    RecordMailFailed,
)
from write_model.notification.decider import (
    NOTIFICATION,
    AlreadyThere,
    ChannelUnknown,
    Unknown,
    WrongChannel,
    WrongState,
)
from write_model.notification.events import (
    MailAccepted,
    MailFailed,
    NotificationEvent,
    NotificationPosted,
    NotificationRead,
)
from write_model.notification.public import answer, publish

ID = an_id("notification")
POST = PostNotification(
    notification_id=ID,
    customer_id=CUSTOMER_ID,
    channel="in_app",
    template="order_confirmed",
    locale="es",
    order_id=ORDER_ID,
    order_number="ABCDEFGHIJ",
    position=42,
)
POSTED = NotificationPosted(
    notification_id=ID,
    customer_id=CUSTOMER_ID,
    channel="in_app",
    template="order_confirmed",
    locale="es",
    order_id=ORDER_ID,
    order_number="ABCDEFGHIJ",
    position=42,
)
MAILED = replace(POSTED, channel="email")
READ = NotificationRead(notification_id=ID, customer_id=CUSTOMER_ID, read_at=NOW)
ACCEPTED = MailAccepted(notification_id=ID, customer_id=CUSTOMER_ID, message_id="<1@telocompro>")
FAILED = MailFailed(notification_id=ID, customer_id=CUSTOMER_ID, reason_code="mailbox_unknown")
READ_IT = ReadNotification(notification_id=ID)
ACCEPT = RecordMailAccepted(notification_id=ID, message_id="<1@telocompro>")
FAIL = RecordMailFailed(notification_id=ID, reason_code="mailbox_unknown")


def test_a_notification_is_posted_once_for_ever() -> None:
    given(NOTIFICATION).when(POST).then(POSTED)
    for facts in ([POSTED], [POSTED, READ]):
        given(NOTIFICATION, *facts).when(POST).nothing()


def test_a_notification_is_on_a_channel_that_there_is() -> None:
    given(NOTIFICATION).when(replace(POST, channel="pigeon")).refused(ChannelUnknown, allowed=["in_app", "email"])


def test_a_notification_of_another_customer_under_the_same_id_is_refused() -> None:
    other = replace(POST, customer_id=an_id("customer", 2))
    given(NOTIFICATION, POSTED).when(other).refused(AlreadyThere, status="POSTED")


def test_a_notification_is_read_once_and_says_when() -> None:
    given(NOTIFICATION, POSTED).when(READ_IT).then(READ)
    given(NOTIFICATION, POSTED, READ).when(READ_IT).nothing()


def test_a_mail_that_the_server_took_has_its_id() -> None:
    given(NOTIFICATION, MAILED).when(ACCEPT).then(ACCEPTED)
    given(NOTIFICATION, MAILED, ACCEPTED).when(ACCEPT).nothing()


def test_a_mail_that_failed_may_still_be_taken() -> None:
    given(NOTIFICATION, MAILED).when(FAIL).then(FAILED)
    given(NOTIFICATION, MAILED, FAILED).when(FAIL).nothing()
    given(NOTIFICATION, MAILED, FAILED).when(ACCEPT).then(ACCEPTED)


def test_a_mail_that_was_taken_does_not_fail_any_more() -> None:
    given(NOTIFICATION, MAILED, ACCEPTED).when(FAIL).refused(WrongState, state="ACCEPTED", allowed=["POSTED", "FAILED"])


@pytest.mark.parametrize("wish", [READ_IT, ACCEPT, FAIL])
def test_a_notification_that_was_never_posted_is_unknown(wish: NotificationCommand) -> None:
    given(NOTIFICATION).when(wish).refused(Unknown)


@pytest.mark.parametrize(
    ("fact", "wish", "allowed"),
    [(MAILED, READ_IT, "in_app"), (POSTED, ACCEPT, "email"), (POSTED, FAIL, "email")],
)
def test_each_channel_has_its_own_fate(fact: NotificationPosted, wish: NotificationCommand, allowed: str) -> None:
    given(NOTIFICATION, fact).when(wish).refused(WrongChannel, channel=fact.channel, allowed=[allowed])


def changes(*facts: NotificationEvent) -> list[Change | None]:
    return [publish(None, envelope)[1] for envelope in envelopes("notification", ID, facts)]


def test_a_notification_in_the_app_is_told_to_its_customer_only() -> None:
    new, read = changes(POSTED, READ)
    assert new == Change(
        type="notification:new",
        channel=f"customer:{CUSTOMER_ID}",
        audience=f"customer:{CUSTOMER_ID}",
        payload={
            "notificationId": str(ID),
            "template": "order_confirmed",
            "locale": "es",
            "orderId": str(ORDER_ID),
            "orderNumber": "ABCDEFGHIJ",
            "status": "POSTED",
        },
    )
    assert read is not None
    assert (read.type, read.audience) == ("notification:read", f"customer:{CUSTOMER_ID}")
    assert read.payload == {"notificationId": str(ID), "status": "READ"}


def test_a_mail_is_nobodys_news() -> None:
    assert changes(MAILED, FAILED, ACCEPTED) == [None, None, None]


def test_an_answer_names_state_and_order() -> None:
    assert answer(given(NOTIFICATION, POSTED, READ).state) == {
        "id": str(ID),
        "status": "READ",
        "channel": "in_app",
        "template": "order_confirmed",
        "orderId": str(ORDER_ID),
        "orderNumber": "ABCDEFGHIJ",
    }
