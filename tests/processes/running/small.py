"""The smallest process: it counts the notifications of an order, and may be told to fail."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from processes.running.messages import Dispatch, Message, Perform, Process, Refusal, TimeCame, Unforeseen, WakeMe, Wish
from tests.kit.builders.ids import an_id
from write_model.kernel.message import Envelope
from write_model.notification.commands import PostNotification, ReadNotification
from write_model.notification.events import NotificationPosted, NotificationRead

CUSTOMER = an_id("customer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    posted: tuple[str, ...] = ()  # templates, in the order in which they were heard
    read: int = 0
    refused: tuple[str, ...] = ()
    rang: int = 0


def key(envelope: Envelope[Any]) -> str | None:
    return str(envelope.event.customer_id)


def counting(bad: frozenset[str] = frozenset({"bad"})) -> Process[Counting]:
    """Every posted notification is read at once; the bad ones can't be handled by this release of it."""

    def react(state: Counting, message: Message) -> tuple[Counting, Sequence[Wish]]:
        match message:
            case TimeCame():
                return replace(state, rang=state.rang + 1), []
            case Refusal():
                return replace(state, refused=(*state.refused, message.code)), []
            case Envelope(event=NotificationPosted() as posted):
                if posted.template in bad:
                    raise Unforeseen("a bad one")
                counted = replace(state, posted=(*state.posted, posted.template))
                return counted, wishes(posted, message.effective_at)
            case Envelope(event=NotificationRead()):
                return replace(state, read=state.read + 1), []
        return state, []

    return Process(
        name="counting",
        version=1,
        handles=(NotificationPosted, NotificationRead),
        key=key,
        initial=Counting(),
        react=react,
        state=Counting,
    )


def wishes(posted: NotificationPosted, at: datetime) -> Sequence[Wish]:
    if posted.template == "in vain":
        missing = ReadNotification(notification_id=an_id("missing"))
        after = (Perform("never", "never"),)
        return [Dispatch(missing, "read", then=after), Perform("always", f"{posted.notification_id}")]
    read = ReadNotification(notification_id=posted.notification_id)
    return [Dispatch(read, "read"), WakeMe("later", at + timedelta(minutes=1)), Perform("note", f"{posted.template}")]


PROCESS = counting()


def post(number: int, template: str = "good", customer: UUID = CUSTOMER) -> PostNotification:
    return PostNotification(
        notification_id=an_id("notification", number),
        customer_id=customer,
        channel="in_app",
        template=template,
        locale="es",
        order_id=an_id("order"),
        order_number="A",
        position=1,
    )
