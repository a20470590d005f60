"""After all faults are healed and an hour has passed: is everything final, balanced, done once and remembered?"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from infra.ports import ChargeState
from tests.simulation.shoppers import Shop
from tests.simulation.world import World
from write_model.handling.registry import DECIDERS
from write_model.kernel.ids import category, identity
from write_model.kernel.message import Envelope
from write_model.notification.events import MailAccepted, MailFailed, NotificationPosted
from write_model.order.events import OrderCancelled, OrderConfirmed, OrderExpired, RefundCompleted
from write_model.order.state import Order
from write_model.payment.events import AuthorizationFailed, AuthorizationSucceeded, CaptureSucceeded
from write_model.payment.state import SUCCEEDED, Payment
from write_model.stock.events import ReservationExpired, ReservationReleased
from write_model.stock.state import ALLOCATED, COMMITTED, RESERVED, StockItem

FINAL = ("CONFIRMED", "CANCELLED", "EXPIRED")
ENDED = ("CANCELLED", "EXPIRED")
ENDS = (OrderCancelled, OrderExpired)
GOES_BACK = (ReservationExpired, ReservationReleased)
ANSWERS = (AuthorizationSucceeded, AuthorizationFailed, CaptureSucceeded)
TOLD = {OrderConfirmed: 2, OrderCancelled: 1, OrderExpired: 1, RefundCompleted: 1}  # notifications of an event


class Check:
    """Each method looks at one thing that must be true and says what is not."""

    def __init__(self, world: World, shop: Shop, events: Sequence[Envelope[Any]]) -> None:
        self._world = world
        self._shop = shop
        self._events = events
        self._wrong = world.record.violation
        self.streams: dict[str, list[Envelope[Any]]] = {}
        for envelope in events:
            self.streams.setdefault(envelope.stream, []).append(envelope)

    def all(self) -> None:
        self.log()
        self.stock()
        self.orders()
        self.released()
        self.served()
        self.declined()
        self.money()
        self.effects()
        self.notifications()
        self.parked()
        self.webhooks()

    def state(self, stream: str) -> Any:
        decider = DECIDERS[category(stream)]
        return decider.fold(decider.initial, [each.event for each in self.streams.get(stream, ())])

    def log(self) -> None:
        for number, envelope in enumerate(self._events, 1):
            by_webhook = type(envelope.event) in ANSWERS and envelope.actor.id == "collect_payment"
            self._world.record.seen["webhook before the answer"] += by_webhook
            if envelope.position != number:
                self._wrong(f"position {envelope.position} stands at place {number}")
        for stream, envelopes in self.streams.items():
            if [each.version for each in envelopes] != [*range(1, len(envelopes) + 1)]:
                self._wrong(f"versions of {stream} have holes")

    def stock(self) -> None:
        decider = DECIDERS["stock"]
        for stream, envelopes in self.streams.items():
            if category(stream) != "stock":
                continue
            item: StockItem = decider.initial
            for envelope in envelopes:
                item = decider.evolve(item, envelope.event)
                held = sum(each.quantity for each in item.reservations if each.status in (RESERVED, ALLOCATED))
                if item.available < 0 or item.on_hand < 0 or item.reserved != held:
                    self._wrong(f"stock at {envelope.position}: {item.on_hand} there, {item.reserved} held, {held}")
                if envelope.event.available != item.available:
                    self._wrong(f"stock at {envelope.position} says {envelope.event.available}, is {item.available}")

    def orders(self) -> None:
        for stream in self.streams:
            if category(stream) != "order":
                continue
            order: Order = self.state(stream)
            if order.lifecycle not in FINAL:
                self._wrong(f"{stream} is {order.lifecycle} {order.payment_status}")
            for each in order.reservations:
                item = next(
                    self.state(name)
                    for name in self.streams
                    if category(name) == "stock" and self.state(name).variant_id == each.variant_id
                )
                held = item.reservation(identity(stream))
                status = None if held is None else held.status
                if (order.lifecycle == "CONFIRMED") != (status in (ALLOCATED, COMMITTED)) or status == RESERVED:
                    self._wrong(f"{stream} is {order.lifecycle}, its reservation {status}")

    def released(self) -> None:
        """What an order held goes back in the command that ends the order, if it has not gone back before."""
        ended = {each.event.order_id: each for each in self._events if isinstance(each.event, ENDS)}
        for envelope in self._events:
            end = ended.get(envelope.event.reservation_id) if isinstance(envelope.event, GOES_BACK) else None
            if end is not None and envelope.position > end.position and envelope.command_id != end.command_id:
                self._wrong(f"the stock of order {end.event.order_id} came back at {envelope.position}, too late")

    def served(self) -> None:
        """Whoever pays with a good card gets what they ordered, unless somebody changed their mind."""
        for order_id in self._shop.orders:
            order: Order = self.state(f"order-{order_id}")
            intents = [each for each in self._world.provider._intents.values() if each.order.order_id == order_id]
            spoilt = any(each.amount_minor != each.order.amount_minor for each in intents)
            if order.lifecycle not in ENDED or order_id not in self._shop.paid_well or spoilt:
                continue
            if order.reason in ("time", "payment.declined", "payment.capture_failed"):
                self._wrong(f"order {order_id} was {order.lifecycle} for {order.reason}: its card is good")

    def declined(self) -> None:
        """Nobody's card is taken for declined that the provider has not declined, nor refused to look at."""
        said_no = self._world.post.declined | self._shop.unknown_cards
        for envelope in self._events:
            event = envelope.event
            if isinstance(event, AuthorizationFailed) and event.order_id not in said_no:
                self._wrong(f"order {event.order_id} is declined ({event.decline_code}): the provider never said so")

    def money(self) -> None:
        for order_id, payment_id in self._shop.orders.items():
            order: Order = self.state(f"order-{order_id}")
            payment: Payment = self.state(f"payment-{payment_id}")
            sums = self._world.provider.balance(order_id)
            name = f"order {order_id} {order.lifecycle} {order.payment_status} payment {payment.status}"
            if order.order_id is None:
                if any(sums.values()):
                    self._wrong(f"{name}: money of an order that is not there: {sums}")
                continue
            intents = [each for each in self._world.provider._intents.values() if each.order.order_id == order_id]
            if len(intents) > 1:
                self._wrong(f"{name}: {len(intents)} charges")
            if sums["held"] or any(each.state is ChargeState.REQUIRES_ACTION for each in intents):
                self._wrong(f"{name}: a charge is open: {sums}")
            kept = sums["captured"] - sums["refunded"]
            if order.lifecycle in ENDED and kept:
                self._wrong(f"{name}: {kept} is kept: {sums}")
            if order.lifecycle == "CONFIRMED" and sums["captured"] != order.total_minor:
                self._wrong(f"{name}: captured {sums['captured']} of {order.total_minor}")
            for what, ours, theirs in (
                ("captured by the order", order.captured_minor, sums["captured"]),
                ("captured by the payment", payment.captured_minor, sums["captured"]),
                ("refunded by the order", order.refunded_minor, sums["refunded"]),
                ("refunded by the payment", payment.refunded_minor, sums["refunded"]),
            ):
                if ours != theirs:
                    self._wrong(f"{name}: {what} {ours}, the provider says {theirs}")
            for refund_id, refund in payment.refunds.items():
                if refund.status not in (SUCCEEDED, "FAILED"):
                    self._wrong(f"{name}: refund {refund_id} is {refund.status}")

    def effects(self) -> None:
        lines = Counter((line.kind, line.ref) for line in self._world.provider.ledger if line.kind != "refunded")
        for (kind, ref), times in lines.items():
            if times > 1:
                self._wrong(f"{ref} was {kind} {times} times")
        for row in self._world.work.outbox.values():
            if row.state in ("REQUESTED", "LEASED"):
                self._wrong(f"an effect is open: {row.effect.kind} {row.state} {row.last_error}")
            if row.outcome is not None and b"unforeseen" in row.outcome:
                self._wrong(f"an effect failed: {row.effect.kind} {row.outcome.decode()}")

    def notifications(self) -> None:
        posted: Counter[tuple[Any, str]] = Counter()
        mailed: dict[Any, str] = {}
        told = 0
        for envelope in self._events:
            told += TOLD.get(type(envelope.event), 0)
            match envelope.event:
                case NotificationPosted() as event:
                    posted[event.notification_id, event.channel] += 1
                case MailAccepted() | MailFailed() as event:
                    mailed[event.notification_id] = type(event).__name__
        if sum(posted.values()) != told or any(times > 1 for times in posted.values()):
            self._wrong(f"{sum(posted.values())} notifications of {told} that should be")
        for notification_id, channel in posted:
            letter = str(notification_id) in self._world.mailer.delivered
            if channel == "email" and not (mailed.get(notification_id) == "MailFailed" or letter):
                self._wrong(f"letter {notification_id} was not sent: {mailed.get(notification_id)}")
            if channel == "email" and notification_id not in mailed:
                self._wrong(f"letter {notification_id}: nobody knows what came of it")
        for key in self._world.mailer.delivered:
            if key not in {str(notification_id) for notification_id, _ in posted}:
                self._wrong(f"letter {key} that nobody posted")

    def parked(self) -> None:
        for (process, key), row in self._world.work._rows.items():
            if row.parked_at is not None:
                self._wrong(f"{process} {key} is parked: {row.last_error}")
        head = len(self._events)
        for process in ("collect_payment", "refund_payment", "release_reservations", "notify_customer"):
            position = self._world.work._checkpoints.get(process, (0, 0))[0]
            if position != head:
                self._wrong(f"{process} stands at {position} of {head}")

    def webhooks(self) -> None:
        """However often the provider says it: each of its messages is recorded once."""
        for stream, envelopes in self.streams.items():
            if category(stream) == "provider_event" and len(envelopes) > 1:
                self._wrong(f"{stream} was recorded {len(envelopes)} times")
