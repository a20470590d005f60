"""Which figures and words stock may be asked with."""

from write_model.kernel.refused import Kind, Refused
from write_model.kernel.text import fits

WAREHOUSES = ("main",)
QUANTITY_MAX = 10**6  # per receipt, adjustment or reservation
REASON = 500  # characters


class WarehouseUnknown(Refused):
    code = "stock.warehouse_unknown"
    kind = Kind.INVALID


class QuantityOutOfRange(Refused):
    code = "stock.quantity_out_of_range"
    kind = Kind.INVALID


class ReasonInvalid(Refused):
    code = "stock.reason_invalid"
    kind = Kind.INVALID


def check_warehouse(warehouse: str) -> None:
    if warehouse not in WAREHOUSES:
        raise WarehouseUnknown(allowed=list(WAREHOUSES))


def check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= QUANTITY_MAX:
        raise QuantityOutOfRange(min=1, max=QUANTITY_MAX)


def check_reason(reason: str) -> None:
    if not fits(reason, REASON):
        raise ReasonInvalid(longest=REASON)
