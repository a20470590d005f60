"""Keeps every review; the rating is folded by the product's page."""

from collections.abc import Sequence

from projections.product_reviews.view import SOURCE, ReviewEntry
from projections.running.projection import Projection
from write_model.kernel.message import Envelope
from write_model.review.events import ReviewAdopted


def key(envelope: Envelope[ReviewAdopted]) -> Sequence[str]:
    return (str(envelope.event.review_id),)


def project(entry: ReviewEntry | None, envelope: Envelope[ReviewAdopted], key: str) -> ReviewEntry:
    event = envelope.event
    return ReviewEntry(
        id=key,
        product_ids=tuple(str(product_id) for product_id in event.product_ids),
        order_id=str(event.order_id),
        customer_id=str(event.customer_id),
        score=event.score,
        title=event.title,
        comment=event.comment,
        created_on=event.created_on,
        answered_at=event.answered_at,
        origin_id=event.origin_review_id,
    )


PRODUCT_REVIEWS: Projection[ReviewEntry] = Projection(
    name="product_reviews",
    source=SOURCE,
    handles=(ReviewAdopted,),
    key=key,
    project=project,
    indexes=((("productIds", 1), ("createdOn", -1), ("_id", -1)), (("orderId", 1),)),
)
