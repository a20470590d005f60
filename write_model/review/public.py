"""What is answered about a review."""

from write_model.review.decider import Review


def answer(review: Review) -> dict[str, object]:
    """The body of a command's answer."""
    return {
        "id": str(review.review_id),
        "status": review.status,
        "orderId": str(review.order_id),
        "productIds": [str(product_id) for product_id in review.product_ids],
        "score": review.score,
    }
