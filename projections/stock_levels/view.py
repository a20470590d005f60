"""How many units of a variant are on hand, held and available?"""

from collections.abc import Mapping, Sequence

from projections.running.projection import MONGO, SQL, Document, Source
from projections.running.reading import Behind, Found, Readers, Rebuilding, many

__all__ = ["Behind", "Found", "Readers", "Rebuilding"]


class StockLevel(Document, frozen=True, kw_only=True):
    """Of the warehouse `main`; the key is the variant."""

    id: str  # the variant's
    product_id: str
    warehouse: str
    on_hand: int = 0
    reserved: int = 0
    available: int = 0
    low: bool = False  # at or under its threshold when it last moved
    version: int  # of its stream


SOURCE: Source[StockLevel] = Source("stock_levels", StockLevel, (MONGO, SQL))
LIST: Source[StockLevel] = Source("stock_levels", StockLevel, (SQL,))  # as lists of products show it


async def stock(readers: Readers, variant_ids: Sequence[str], at_least: int = 0) -> Mapping[str, Found[StockLevel]]:
    """By variant; those that do not exist are absent. Raises Behind, Rebuilding."""
    return await many(readers, SOURCE, variant_ids, at_least, copy_key="stock:{}".format)
