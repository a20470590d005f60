"""A review of an order and so of the products in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from write_model.kernel.decider import Decider
from write_model.kernel.message import Context
from write_model.kernel.refused import Kind, Refused
from write_model.review.commands import AdoptReview, ReviewCommand
from write_model.review.events import ReviewAdopted, ReviewEvent

NONE, ADOPTED = "NONE", "ADOPTED"
SCORES = (1, 5)


class ScoreOutOfRange(Refused):
    code = "review.score_out_of_range"
    kind = Kind.INVALID


@dataclass(frozen=True, slots=True)
class Review:
    review_id: UUID | None = None
    status: str = NONE
    order_id: UUID | None = None
    product_ids: tuple[UUID, ...] = ()
    score: int = 0


def evolve(review: Review, event: ReviewEvent) -> Review:
    return Review(
        review_id=event.review_id,
        status=ADOPTED,
        order_id=event.order_id,
        product_ids=event.product_ids,
        score=event.score,
    )


def decide(command: ReviewCommand, review: Review, context: Context) -> Sequence[ReviewEvent]:
    return adopt(command, review)


def adopt(command: AdoptReview, review: Review) -> Sequence[ReviewEvent]:
    """As another system wrote it. Its id is of the pair (their review, order), so a second one is the same one."""
    lowest, highest = SCORES
    if not lowest <= command.score <= highest:
        raise ScoreOutOfRange(min=lowest, max=highest)
    if review.status == ADOPTED:
        return []
    return [
        ReviewAdopted(
            review_id=command.review_id,
            origin_review_id=command.origin_review_id,
            order_id=command.order_id,
            customer_id=command.customer_id,
            product_ids=command.product_ids,
            score=command.score,
            title=command.title,
            comment=command.comment,
            created_on=command.created_on,
            answered_at=command.answered_at,
        )
    ]


REVIEW: Decider[ReviewCommand, ReviewEvent, Review] = Decider("review", Review(), evolve, decide)
