from dataclasses import replace

import pytest

from tests.kit.builders.ids import CUSTOMER_ID, ORDER_ID, PRODUCT_ID, an_id
from tests.kit.given import given
from write_model.review.commands import AdoptReview
from write_model.review.decider import REVIEW, ScoreOutOfRange
from write_model.review.events import ReviewAdopted
from write_model.review.public import answer

REVIEW_ID = an_id("review")
ADOPT = AdoptReview(
    review_id=REVIEW_ID,
    origin_review_id="6d06808638ec0701bccd70bc8d462c28",
    order_id=ORDER_ID,
    customer_id=CUSTOMER_ID,
    product_ids=(PRODUCT_ID,),
    score=1,
    title=None,
    comment="O produto não chegou no prazo.",
    created_on="2016-12-09 00:00:00",
    answered_at="2016-12-19 14:10:43",
)
ADOPTED = ReviewAdopted(
    review_id=REVIEW_ID,
    origin_review_id="6d06808638ec0701bccd70bc8d462c28",
    order_id=ORDER_ID,
    customer_id=CUSTOMER_ID,
    product_ids=(PRODUCT_ID,),
    score=1,
    title=None,
    comment="O produto não chegou no prazo.",
    created_on="2016-12-09 00:00:00",
    answered_at="2016-12-19 14:10:43",
)


def test_a_foreign_review_is_adopted_once_word_for_word() -> None:
    given(REVIEW).when(ADOPT).then(ADOPTED)
    given(REVIEW, ADOPTED).when(ADOPT).nothing()


@pytest.mark.parametrize("score", [1, 2, 3, 4, 5])
def test_a_score_is_from_one_to_five(score: int) -> None:
    assert given(REVIEW).when(replace(ADOPT, score=score)).state.score == score


@pytest.mark.parametrize("score", [0, 6, -1])
def test_another_score_is_refused(score: int) -> None:
    given(REVIEW).when(replace(ADOPT, score=score)).refused(ScoreOutOfRange, min=1, max=5)


def test_a_review_of_an_order_without_items_is_represented() -> None:
    assert given(REVIEW).when(replace(ADOPT, product_ids=())).state.product_ids == ()


def test_an_answer_names_what_the_review_is_about() -> None:
    assert answer(given(REVIEW, ADOPTED).state) == {
        "id": str(REVIEW_ID),
        "status": "ADOPTED",
        "orderId": str(ORDER_ID),
        "productIds": [str(PRODUCT_ID)],
        "score": 1,
    }
