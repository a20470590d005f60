"""A customer is told what has become of an order: once of an event, on each channel, for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from processes.notify_customer.rules import EMAIL, RULES
from processes.running.messages import Dispatch, Message, Perform, Process, Refusal, TimeCame, Unforeseen, Wish
from write_model.kernel.ids import derived
from write_model.kernel.message import Envelope
from write_model.notification.commands import PostNotification
from write_model.notification.events import NotificationPosted
from write_model.order.events import OrderPlaced

MAIL = "mail"  # kind of the effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What every notification of an order says. The address itself stands at that position of the log only."""

    order_id: UUID | None = None
    customer_id: UUID | None = None
    number: str = ""
    locale: str = ""
    position: int = 0


def key(envelope: Envelope[Any]) -> str | None:
    """One row per order."""
    return str(envelope.event.order_id)


def react(state: Telling, message: Message) -> tuple[Telling, Sequence[Wish]]:
    match message:
        case TimeCame():
            return state, []
        case Refusal():
            return state, refused(message)
        case Envelope(event=OrderPlaced() as placed):
            seen = Telling(
                order_id=placed.order_id,
                customer_id=placed.customer_id,
                number=placed.number,
                locale=placed.locale,
                position=message.position,
            )
            return seen, []
        case Envelope(event=NotificationPosted() as posted):
            return state, [mail(posted)] if posted.channel == EMAIL else []
    return state, tell(state, message)


def tell(state: Telling, message: Envelope[Any]) -> Sequence[Wish]:
    """An order that was not placed here has nobody to be told."""
    rule = RULES.get(type(message.event))
    if rule is None or state.order_id is None or state.customer_id is None:
        return []
    return [
        Dispatch(
            PostNotification(
                notification_id=derived(message.event_id, channel),
                customer_id=state.customer_id,
                channel=channel,
                template=rule.template,
                locale=state.locale,
                order_id=state.order_id,
                order_number=state.number,
                position=state.position,
            ),
            f"post {channel}",
        )
        for channel in rule.channels
    ]


def mail(posted: NotificationPosted) -> Perform:
    """The notification's own id is the letter's: a repeat is recognised by whoever gets it."""
    payload = {
        "notification_id": str(posted.notification_id),
        "template": posted.template,
        "locale": posted.locale,
        "position": posted.position,
    }
    return Perform(MAIL, str(posted.notification_id), payload)


def refused(refusal: Refusal) -> Sequence[Wish]:
    """Nothing is posted for who was erased."""
    if refusal.code in ("notification.already_there", "customer.erased"):
        return []
    raise Unforeseen(f"{type(refusal.wish.command).__name__} was refused: {refusal.code}")


PROCESS: Process[Telling] = Process(
    name="notify_customer",
    version=1,
    handles=(OrderPlaced, *RULES, NotificationPosted),
    key=key,
    initial=Telling(),
    react=react,
    state=Telling,
)
