"""Who is told what: once of an event, on each channel, for ever."""

import json

import pytest

from processes.notify_customer.process import PROCESS, key
from processes.notify_customer.rules import RULES, language
from processes.running.messages import Dispatch, Perform, TimeCame
from processes.running.states import decode, encode
from tests.kit.builders import order as an
from tests.kit.builders.ids import CUSTOMER_ID, ORDER_ID, an_id
from tests.kit.given import NOW
from tests.kit.given_process import given_process, refusal, told
from write_model.kernel.ids import derived
from write_model.notification.commands import PostNotification
from write_model.notification.events import NotificationPosted
from write_model.order.events import OrderEvent

PLACED = told(an.PLACED, 7)
CONFIRMED = told(an.CONFIRMED, 9)


def post(event: OrderEvent, position: int, channel: str) -> PostNotification:
    return PostNotification(
        notification_id=derived(told(event, position).event_id, channel),
        customer_id=CUSTOMER_ID,
        channel=channel,
        template=RULES[type(event)].template,
        locale="es",
        order_id=ORDER_ID,
        order_number=an.NUMBER,
        position=7,
    )


def posted(channel: str) -> NotificationPosted:
    return NotificationPosted(
        notification_id=an_id("notification"),
        customer_id=CUSTOMER_ID,
        channel=channel,
        template="order_confirmed",
        locale="es",
        order_id=ORDER_ID,
        order_number=an.NUMBER,
        position=7,
    )


def test_a_confirmed_order_is_told_in_the_app_and_by_mail() -> None:
    given_process(PROCESS, PLACED).when(CONFIRMED).then(
        Dispatch(post(an.CONFIRMED, 9, "in_app"), "post in_app"),
        Dispatch(post(an.CONFIRMED, 9, "email"), "post email"),
    )


@pytest.mark.parametrize("event", [an.CANCELLED, an.EXPIRED, an.refunded(100, an_id("refund"))])
def test_an_end_and_a_refund_are_told_in_the_app(event: OrderEvent) -> None:
    given_process(PROCESS, PLACED).when(told(event, 9)).then(Dispatch(post(event, 9, "in_app"), "post in_app"))


def test_hearing_of_it_twice_asks_for_the_same_notification() -> None:
    again = given_process(PROCESS, PLACED, CONFIRMED).when(CONFIRMED).commands
    assert again == given_process(PROCESS, PLACED).when(CONFIRMED).commands


def test_a_posted_mail_is_sent_under_the_notifications_own_id() -> None:
    given_process(PROCESS, PLACED, CONFIRMED).when(told(posted("email"), 11)).then(
        Perform(
            "mail",
            str(an_id("notification")),
            {
                "notification_id": str(an_id("notification")),
                "template": "order_confirmed",
                "locale": "es",
                "position": 7,
            },
        )
    )


def test_a_notification_in_the_app_needs_no_effect() -> None:
    given_process(PROCESS, PLACED, CONFIRMED).when(told(posted("in_app"), 11)).nothing()


def test_an_order_that_was_not_placed_here_has_nobody_to_be_told() -> None:
    given_process(PROCESS).when(CONFIRMED).nothing()


def test_one_that_is_there_already_is_no_reason_to_stop() -> None:
    told_already = refusal(post(an.CONFIRMED, 9, "in_app"), "notification.already_there")
    given_process(PROCESS, PLACED).when(told_already).nothing()
    given_process(PROCESS, PLACED).unforeseen(refusal(post(an.CONFIRMED, 9, "in_app"), "notification.unknown"))


def test_there_are_no_timers_to_hear() -> None:
    given_process(PROCESS, PLACED).when(TimeCame(str(ORDER_ID), "x", NOW)).nothing()


def test_nothing_personal_is_kept() -> None:
    state = given_process(PROCESS, PLACED).state
    kept = encode(PROCESS, None, state)
    assert decode(PROCESS, kept) == (None, state)
    for canary in ("ada@example.com", "Ada", "Calle 1"):
        assert canary not in kept.decode()
        assert canary not in json.dumps([str(wish) for wish in given_process(PROCESS, PLACED).when(CONFIRMED).wishes])
    assert key(PLACED) == str(ORDER_ID)


@pytest.mark.parametrize(
    ("locale", "spoken"), [("es", "es"), ("en-US", "en"), ("en_GB", "en"), ("pt", "es"), ("", "es")]
)
def test_a_locale_is_answered_in_a_language_that_we_write(locale: str, spoken: str) -> None:
    assert language(locale) == spoken
