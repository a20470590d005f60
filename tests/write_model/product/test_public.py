from collections.abc import Mapping, Sequence

from tests.kit.builders.envelopes import envelopes
from tests.kit.builders.ids import PRODUCT_ID, VARIANT_ID
from tests.kit.builders.product import price_changed, product_created, product_on_sale
from tests.kit.given import NOW, given
from write_model.kernel.change import PUBLIC, STAFF, Change
from write_model.product.decider import PRODUCT
from write_model.product.events import (
    ProductAdopted,
    ProductArchived,
    ProductDeleted,
    ProductEvent,
    ProductUpdated,
)
from write_model.product.public import answer, publish


def changes(facts: Sequence[ProductEvent]) -> list[Change | None]:
    seen: Mapping[str, object] | None = None
    told = []
    for envelope in envelopes("product", PRODUCT_ID, facts):
        seen, change = publish(seen, envelope)
        told.append(change)
    return told


def test_a_draft_is_for_staff_and_a_published_product_for_everybody() -> None:
    told = changes(product_on_sale())
    assert [change.audience for change in told if change] == [STAFF, STAFF, PUBLIC]
    assert {change.channel for change in told if change} == {f"product:{PRODUCT_ID}"}
    assert {change.type for change in told if change} == {"product:changed"}


def test_a_price_change_says_which_price_from_when() -> None:
    *_, change = changes([*product_on_sale(), price_changed(after_minor=1999, valid_from=NOW)])
    assert change is not None
    assert change.payload == {
        "productId": str(PRODUCT_ID),
        "change": "price",
        "variantId": str(VARIANT_ID),
        "beforeMinor": 2499,
        "priceMinor": 1999,
        "validFrom": NOW.isoformat(),
    }


def test_each_kind_of_change_has_its_word() -> None:
    more: list[ProductEvent] = [
        ProductUpdated(product_id=PRODUCT_ID, titles=None, descriptions=None, category="x", images=None),
        ProductArchived(product_id=PRODUCT_ID, reason="old"),
        ProductDeleted(product_id=PRODUCT_ID),
    ]
    told = changes([*product_on_sale(), *more])
    assert [change.payload["change"] for change in told if change] == [
        "created",
        "variant_added",
        "published",
        "updated",
        "archived",
        "deleted",
    ]


def test_an_adopted_product_is_nobodys_news() -> None:
    adopted = ProductAdopted(
        product_id=PRODUCT_ID,
        origin_id="x",
        category=None,
        category_english=None,
        name_length=None,
        description_length=None,
        photos=None,
        weight_g=None,
        length_cm=None,
        height_cm=None,
        width_cm=None,
    )
    assert changes([adopted]) == [None]


def test_an_answer_names_id_state_and_variants() -> None:
    body = answer(given(PRODUCT, *product_on_sale()).state)
    assert (body["id"], body["status"], body["slug"]) == (str(PRODUCT_ID), "PUBLISHED", product_created().slug)
    assert body["variants"] == [
        {"id": str(VARIANT_ID), "sku": f"SKU-{str(VARIANT_ID)[:8]}", "attributes": {"talla": "M"}}
    ]
