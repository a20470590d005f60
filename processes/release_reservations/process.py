"""Stock that is held for an order nobody has paid for becomes available again when its time is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from processes.running.messages import Dispatch, Message, Process, Refusal, TimeCame, Unforeseen, WakeMe, Wish
from write_model.kernel.message import Envelope
from write_model.stock.commands import ExpireReservation
from write_model.stock.events import ReservationExtended, StockReserved

EXPIRE = "expire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    variant_id: UUID | None = None
    warehouse: str = ""
    reservation_id: UUID | None = None
    expires_at: datetime | None = None


def key(envelope: Envelope[Any]) -> str | None:
    """One row per reservation of a stock item. How it ends is not followed: the stock decides when the time comes."""
    event = envelope.event
    return f"{event.reservation_id}/{event.variant_id}/{event.warehouse}"


def react(state: Holding, message: Message) -> tuple[Holding, Sequence[Wish]]:
    match message:
        case TimeCame():
            return state, expire(state, message)
        case Refusal():
            raise Unforeseen(f"{type(message.wish.command).__name__} was refused: {message.code}")
    match message.event:
        case StockReserved() | ReservationExtended() as event:
            held = Holding(
                variant_id=event.variant_id,
                warehouse=event.warehouse,
                reservation_id=event.reservation_id,
                expires_at=event.expires_at,
            )
            return held, [WakeMe(EXPIRE, event.expires_at)]
        case _:
            return state, []


def expire(state: Holding, alarm: TimeCame) -> Sequence[Wish]:
    if state.variant_id is None or state.reservation_id is None or state.expires_at is None:
        return []
    if alarm.at < state.expires_at:
        return []  # extended meanwhile: another alarm is set
    command = ExpireReservation(
        variant_id=state.variant_id, warehouse=state.warehouse, reservation_id=state.reservation_id
    )
    return [Dispatch(command, "expire")]


PROCESS: Process[Holding] = Process(
    name="release_reservations",
    version=1,
    handles=(StockReserved, ReservationExtended),
    key=key,
    initial=Holding(),
    react=react,
    state=Holding,
)
