"""What outsiders may know of stock: how many are available, whenever that changes."""

from collections.abc import Mapping

from write_model.kernel.change import PUBLIC, Change
from write_model.kernel.message import Envelope
from write_model.stock.events import StockEvent, StockOpened
from write_model.stock.state import StockItem

UPDATED = "stock:updated"


def publish(
    seen: Mapping[str, object] | None, envelope: Envelope[StockEvent]
) -> tuple[Mapping[str, object], Change | None]:
    """Seen is what was available before: allocating or shipping held units is nobody's business."""
    event = envelope.event
    now = {"available": event.available}
    if isinstance(event, StockOpened) or (seen is not None and seen.get("available") == event.available):
        return now, None
    change = Change(
        type=UPDATED,
        channel=f"stock:{event.variant_id}",
        audience=PUBLIC,
        payload={"variantId": str(event.variant_id), "available": event.available},
    )
    return now, change


def answer(item: StockItem) -> dict[str, object]:
    """The body of a command's answer."""
    return {
        "id": str(item.variant_id),
        "status": "OUT_OF_STOCK" if item.available == 0 else "IN_STOCK",
        "variantId": str(item.variant_id),
        "warehouse": item.warehouse,
        "onHand": item.on_hand,
        "reserved": item.reserved,
        "available": item.available,
    }
