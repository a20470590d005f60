from dataclasses import replace
from datetime import timedelta

import pytest

from tests.kit.builders.ids import PRODUCT_ID, VARIANT_ID, an_id
from tests.kit.builders.product import (
    price_changed,
    product_created,
    variant_added,
)
from tests.kit.given import NOW, given
from write_model.product import rules
from write_model.product.commands import (
    ChangePrice,
)
from write_model.product.decider import (
    PRODUCT,
    PriceInThePast,
    VariantUnknown,
)
from write_model.product.events import (
    ProductEvent,
    ProductPublished,
)

TOMORROW = NOW + timedelta(days=1)
CREATED, VARIANT, PUBLISHED = product_created(), variant_added(), ProductPublished(product_id=PRODUCT_ID)


def change_price(price_minor: int, **changes: object) -> ChangePrice:
    return replace(ChangePrice(product_id=PRODUCT_ID, variant_id=VARIANT_ID, price_minor=price_minor), **changes)  # type: ignore[arg-type]


def test_a_new_price_is_appended_with_the_one_before() -> None:
    changed = price_changed(after_minor=1999, valid_from=NOW)
    given(PRODUCT, CREATED, VARIANT).when(change_price(1999)).then(changed)


def test_the_same_price_changes_nothing() -> None:
    given(PRODUCT, CREATED, VARIANT).when(change_price(2499)).nothing()


def test_a_price_of_tomorrow_applies_tomorrow() -> None:
    changed = price_changed(after_minor=1999, valid_from=TOMORROW)
    outcome = given(PRODUCT, CREATED, VARIANT).when(change_price(1999, valid_from=TOMORROW))
    outcome.then(changed)
    (variant,) = outcome.state.variants
    assert variant.price_at(TOMORROW - timedelta(microseconds=1)) == 2499
    assert variant.price_at(TOMORROW) == 1999


def test_a_price_of_today_does_not_undo_the_one_of_tomorrow() -> None:
    facts: list[ProductEvent] = [
        CREATED,
        VARIANT,
        price_changed(after_minor=1999, valid_from=TOMORROW),
        price_changed(after_minor=2199, valid_from=NOW),
    ]
    (variant,) = given(PRODUCT, *facts).state.variants
    assert (variant.price_at(NOW), variant.price_at(TOMORROW)) == (2199, 1999)


def test_a_price_is_of_one_variant() -> None:
    other = variant_added(variant_id=an_id("variant", 2), sku="HAT-L", price_minor=2699)
    changed = price_changed(after_minor=1999, valid_from=NOW)
    variants = given(PRODUCT, CREATED, VARIANT, other, changed).state.variants
    assert [variant.price_at(NOW) for variant in variants] == [1999, 2699]


def test_the_last_word_counts_on_one_date() -> None:
    facts: list[ProductEvent] = [
        CREATED,
        VARIANT,
        *(price_changed(after_minor=n, valid_from=TOMORROW) for n in (1999, 1899)),
    ]
    (variant,) = given(PRODUCT, *facts).state.variants
    assert variant.price_at(TOMORROW) == 1899


def test_no_price_is_changed_in_the_past() -> None:
    yesterday = NOW - timedelta(days=1)
    wish = change_price(1999, valid_from=yesterday)
    given(PRODUCT, CREATED, VARIANT).when(wish).refused(PriceInThePast, validFrom=yesterday.isoformat())


@pytest.mark.parametrize("price_minor", [0, -1, 10**9 + 1])
def test_a_price_out_of_range_is_refused(price_minor: int) -> None:
    wish = change_price(price_minor)
    given(PRODUCT, CREATED, VARIANT).when(wish).refused(rules.PriceOutOfRange, min=1, max=10**9)


def test_a_price_of_an_unknown_variant_is_refused() -> None:
    other = an_id("variant", 2)
    wish = change_price(1, variant_id=other)
    given(PRODUCT, CREATED, VARIANT).when(wish).refused(VariantUnknown, variant=str(other))
