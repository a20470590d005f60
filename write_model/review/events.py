"""These classes are the storage format. A change to one needs a new version and an upcaster."""

from dataclasses import dataclass
from uuid import UUID

from write_model.kernel.message import Event
from write_model.kernel.personal import Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAdopted(Event):
    """A review of another system. It is about an order, hence about each product in it."""

    review_id: UUID  # of the pair (their review id, order): theirs alone is not unique
    origin_review_id: str
    order_id: UUID
    customer_id: UUID
    product_ids: tuple[UUID, ...]
    score: int  # 1 to 5
    title: Personal[str]
    comment: Personal[str]
    created_on: str
    answered_at: str | None


ReviewEvent = ReviewAdopted
