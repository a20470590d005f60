"""What must have been done outside? The effects and notifications that the events of the log ask for."""

from dataclasses import dataclass, field
from uuid import UUID

from tests.checker.happened import Happened, Json, derived

EFFECTS = {  # what an event asks the provider for
    "payment.authorization_requested": "authorise",
    "payment.capture_requested": "capture",
    "payment.void_requested": "void",
    "payment.refund_requested": "refund",
}
TOLD = {  # of what a customer is told, on which channels
    "order.confirmed": ("order_confirmed", ("in_app", "email")),
    "order.cancelled": ("order_cancelled", ("in_app",)),
    "order.expired": ("order_expired", ("in_app",)),
    "order.refund_completed": ("order_refunded", ("in_app",)),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """A notification that must have been posted."""

    position: int  # of the event that it is about
    order_id: str
    customer_id: str
    channel: str
    template: str


@dataclass(slots=True)
class Wishes:
    """Collected while the log goes by. History of another system asks for nothing."""

    effects: dict[str, tuple[str, int]] = field(default_factory=dict)  # provider's key → kind, position
    tellings: dict[str, Telling] = field(default_factory=dict)  # by id of the notification
    posted: dict[str, list[Json]] = field(default_factory=dict)  # by id: how often, and as what
    mailed: dict[str, str] = field(default_factory=dict)  # by id: what the log says came of a letter
    refunds: dict[str, tuple[str, int, str]] = field(default_factory=dict)  # id → provider's id, amount, order
    orders: dict[str, Json] = field(default_factory=dict)  # those placed here, as they were placed
    webhooks: list[tuple[int, str]] = field(default_factory=list)  # position, the provider's id of the event

    def apply(self, event: Happened) -> None:
        if event.origin == "import":
            return
        data, kind = event.data, event.type
        if kind in EFFECTS:
            self.effects[f"{event.event_id}:{EFFECTS[kind]}"] = EFFECTS[kind], event.position
        elif kind == "order.placed":
            self.orders[data["order_id"]] = data
        elif kind == "payment.refund_succeeded":
            self.refunds[data["refund_id"]] = data["provider_refund"], data["amount_minor"], data["order_id"]
        elif kind == "provider_event.recorded":
            self.webhooks.append((event.position, data["provider_event_id"]))
        elif event.room == "notification":
            self._notified(event)
        if kind in TOLD and data["order_id"] in self.orders:
            self._tell(event)

    def _notified(self, event: Happened) -> None:
        data, kind = event.data, event.type
        name = data["notification_id"]
        if kind == "notification.posted":
            self.posted.setdefault(name, []).append({**data, "at": event.position})
            if data["channel"] == "email":
                self.effects[name] = "mail", event.position
        elif kind in ("notification.mail_accepted", "notification.mail_failed"):
            self.mailed[name] = kind.rpartition("_")[2]

    def _tell(self, event: Happened) -> None:
        template, channels = TOLD[event.type]
        data = event.data
        for channel in channels:
            name = str(derived(UUID(str(event.event_id)), channel))
            self.tellings[name] = Telling(event.position, data["order_id"], data["customer_id"], channel, template)
