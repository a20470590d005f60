"""The stock of one variant in one warehouse: what is there, what is held for orders, and never less than nothing."""

from collections.abc import Sequence
from typing import TypedDict, assert_never
from uuid import UUID

from write_model.kernel.decider import Decider
from write_model.kernel.message import Context
from write_model.kernel.refused import Kind, Refused
from write_model.stock import rules
from write_model.stock.commands import (
    AdjustStock,
    AllocateReservation,
    CommitReservation,
    ExpireReservation,
    ExtendReservation,
    OpenStock,
    ReceiveStock,
    ReleaseReservation,
    ReserveStock,
    StockCommand,
)
from write_model.stock.events import (
    ReservationAllocated,
    ReservationCommitted,
    ReservationExpired,
    ReservationExtended,
    ReservationReleased,
    StockAdjusted,
    StockCameBack,
    StockEvent,
    StockOpened,
    StockRanLow,
    StockReceived,
    StockReserved,
)
from write_model.stock.state import ALLOCATED, COMMITTED, EXPIRED, RELEASED, RESERVED, Held, evolve
from write_model.stock.state import StockItem as StockItem

LOW = 5  # units: at or below, people are told
ON_HAND_MAX = 10**9


class Unknown(Refused):
    code = "stock.unknown"
    kind = Kind.MISSING


class OfAnotherProduct(Refused):
    code = "stock.of_another_product"


class NotAvailable(Refused):
    code = "stock.not_available"


class TooMuch(Refused):
    code = "stock.too_much"


class ExpiryPast(Refused):
    code = "stock.expiry_past"
    kind = Kind.INVALID


class ExtensionTooLong(Refused):
    code = "stock.extension_too_long"


class ReservationUnknown(Refused):
    code = "stock.reservation_unknown"
    kind = Kind.MISSING


class ReservationDiffers(Refused):
    code = "stock.reservation_differs"


class ReservationInWrongState(Refused):
    code = "stock.wrong_state"


def decide(command: StockCommand, item: StockItem, context: Context) -> Sequence[StockEvent]:
    match command:
        case OpenStock():
            return open_stock(command, item)
        case ReceiveStock():
            return receive(command, item)
        case AdjustStock():
            return adjust(command, item)
        case ReserveStock():
            return reserve(command, item, context)
        case ExtendReservation():
            return extend(command, item)
        case ReleaseReservation():
            return release(command, item)
        case ExpireReservation():
            return expire(command, item, context)
        case AllocateReservation():
            return allocate(command, item)
        case CommitReservation():
            return commit(command, item)
        case _:
            assert_never(command)


def open_stock(command: OpenStock, item: StockItem) -> Sequence[StockEvent]:
    rules.check_warehouse(command.warehouse)
    if item.product_id is None:
        return [
            StockOpened(
                product_id=command.product_id, variant_id=command.variant_id, warehouse=command.warehouse, available=0
            )
        ]
    if item.product_id != command.product_id:
        raise OfAnotherProduct(variant=str(command.variant_id))
    return []


def receive(command: ReceiveStock, item: StockItem) -> Sequence[StockEvent]:
    """Not the same wish when it is repeated: ten units twice are twenty. The bus knows a repeat by its key."""
    where = _where(item)
    rules.check_quantity(command.quantity)
    rules.check_reason(command.reason)
    if item.on_hand + command.quantity > ON_HAND_MAX:
        raise TooMuch(max=ON_HAND_MAX)
    after = item.available + command.quantity
    received = StockReceived(**where, available=after, quantity=command.quantity, reason=command.reason)
    return [received, *_told(item, after)]


def adjust(command: AdjustStock, item: StockItem) -> Sequence[StockEvent]:
    where = _where(item)
    rules.check_quantity(abs(command.quantity))
    rules.check_reason(command.reason)
    if item.on_hand + command.quantity > ON_HAND_MAX:
        raise TooMuch(max=ON_HAND_MAX)
    after = item.available + command.quantity
    if after < 0:
        raise _not_available(item)
    adjusted = StockAdjusted(**where, available=after, quantity=command.quantity, reason=command.reason)
    return [adjusted, *_told(item, after)]


def reserve(command: ReserveStock, item: StockItem, context: Context) -> Sequence[StockEvent]:
    where = _where(item)
    held = item.reservation(command.reservation_id)
    if held is not None:
        if held.quantity != command.quantity:
            raise ReservationDiffers(quantity=held.quantity)
        return _already(held, RESERVED, ALLOCATED, COMMITTED, allowed=(RESERVED,))
    rules.check_quantity(command.quantity)
    if command.expires_at <= context.now:
        raise ExpiryPast(expiresAt=command.expires_at.isoformat())
    after = item.available - command.quantity
    if after < 0:
        raise _not_available(item)
    reserved = StockReserved(
        **where,
        available=after,
        reservation_id=command.reservation_id,
        quantity=command.quantity,
        expires_at=command.expires_at,
    )
    return [reserved, *_told(item, after)]


def extend(command: ExtendReservation, item: StockItem) -> Sequence[StockEvent]:
    """Never brought forward; never for longer than half an hour beyond the first expiry."""
    where = _where(item)
    held = _held(item, command.reservation_id)
    if held.status != RESERVED or command.expires_at <= held.expires_at:
        return _already(held, RESERVED, ALLOCATED, COMMITTED, allowed=(RESERVED,))
    if command.expires_at > held.latest:
        raise ExtensionTooLong(latest=held.latest.isoformat())
    return [
        ReservationExtended(
            **where, available=item.available, reservation_id=command.reservation_id, expires_at=command.expires_at
        )
    ]


def release(command: ReleaseReservation, item: StockItem) -> Sequence[StockEvent]:
    where = _where(item)
    rules.check_reason(command.reason)
    held = _held(item, command.reservation_id)
    if held.status not in (RESERVED, ALLOCATED):
        return _already(held, RELEASED, EXPIRED, allowed=(RESERVED, ALLOCATED))
    after = item.available + held.quantity
    released = ReservationReleased(
        **where, available=after, reservation_id=command.reservation_id, quantity=held.quantity, reason=command.reason
    )
    return [released, *_told(item, after)]


def expire(command: ExpireReservation, item: StockItem, context: Context) -> Sequence[StockEvent]:
    """By the timer, which may be late or early: whatever else has happened meanwhile stands."""
    where = _where(item)
    held = item.reservation(command.reservation_id)
    if held is None or held.status != RESERVED or context.now < held.expires_at:
        return []
    after = item.available + held.quantity
    expired = ReservationExpired(
        **where, available=after, reservation_id=command.reservation_id, quantity=held.quantity
    )
    return [expired, *_told(item, after)]


def allocate(command: AllocateReservation, item: StockItem) -> Sequence[StockEvent]:
    """A reservation past its time that no timer has ended yet is still there to be allocated."""
    where = _where(item)
    held = _held(item, command.reservation_id)
    if held.status != RESERVED:
        return _already(held, ALLOCATED, COMMITTED, allowed=(RESERVED,))
    return [
        ReservationAllocated(
            **where, available=item.available, reservation_id=command.reservation_id, quantity=held.quantity
        )
    ]


def commit(command: CommitReservation, item: StockItem) -> Sequence[StockEvent]:
    where = _where(item)
    held = _held(item, command.reservation_id)
    if held.status != ALLOCATED:
        return _already(held, COMMITTED, allowed=(ALLOCATED,))
    return [
        ReservationCommitted(
            **where, available=item.available, reservation_id=command.reservation_id, quantity=held.quantity
        )
    ]


class Where(TypedDict):
    """What every event of the item says."""

    product_id: UUID
    variant_id: UUID
    warehouse: str


def _where(item: StockItem) -> Where:
    if item.product_id is None or item.variant_id is None:
        raise Unknown
    return Where(product_id=item.product_id, variant_id=item.variant_id, warehouse=item.warehouse)


def _held(item: StockItem, reservation_id: UUID) -> Held:
    held = item.reservation(reservation_id)
    if held is None:
        raise ReservationUnknown(reservation=str(reservation_id))
    return held


def _already(held: Held, *done: str, allowed: tuple[str, ...]) -> Sequence[StockEvent]:
    """Nothing to do where it is done; everywhere else the wish is refused."""
    if held.status in done:
        return []
    raise ReservationInWrongState(state=held.status, allowed=list(allowed))


def _not_available(item: StockItem) -> NotAvailable:
    return NotAvailable(variant=str(item.variant_id), available=item.available)


def _told(item: StockItem, after: int) -> Sequence[StockEvent]:
    """Running low and coming back, told when the line is crossed and not again before it is crossed back."""
    if item.available > LOW >= after:
        return [StockRanLow(**_where(item), available=after, threshold=LOW)]
    if item.ran_out and after > 0:
        return [StockCameBack(**_where(item), available=after)]
    return []


STOCK: Decider[StockCommand, StockEvent, StockItem] = Decider("stock", StockItem(), evolve, decide, kept=StockItem)
