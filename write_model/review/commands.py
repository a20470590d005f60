"""What may be asked of a review."""

from dataclasses import dataclass, field
from uuid import UUID

from write_model.kernel.message import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptReview(Command):
    review_id: UUID
    origin_review_id: str
    order_id: UUID
    customer_id: UUID
    product_ids: tuple[UUID, ...]
    score: int
    title: str | None = field(repr=False)
    comment: str | None = field(repr=False)
    created_on: str
    answered_at: str | None


ReviewCommand = AdoptReview
