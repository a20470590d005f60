from dataclasses import replace
from datetime import timedelta

import pytest

from tests.kit.builders.ids import PRODUCT_ID, VARIANT_ID, an_id
from tests.kit.builders.product import (
    DESCRIPTIONS,
    TITLES,
    create_product,
    product_created,
    product_on_sale,
    variant_added,
)
from tests.kit.given import NOW, given
from write_model.kernel.refused import Refused
from write_model.product import rules
from write_model.product.commands import (
    AdoptProduct,
    ArchiveProduct,
    ChangePrice,
    DeleteProduct,
    ProductCommand,
    PublishProduct,
    UpdateProduct,
)
from write_model.product.decider import (
    PRODUCT,
    AlreadyThere,
    SkuTaken,
    Unknown,
    VariantDiffers,
    VariantMissing,
    WasOnSale,
    WrongState,
    add_variant,
)
from write_model.product.events import (
    Image,
    ProductAdopted,
    ProductArchived,
    ProductDeleted,
    ProductEvent,
    ProductPublished,
    ProductUpdated,
)

TOMORROW = NOW + timedelta(days=1)
CREATED, VARIANT, PUBLISHED = product_created(), variant_added(), ProductPublished(product_id=PRODUCT_ID)
ARCHIVED = ProductArchived(product_id=PRODUCT_ID, reason="out of fashion")
DELETED = ProductDeleted(product_id=PRODUCT_ID)
ADOPT = AdoptProduct(
    product_id=PRODUCT_ID,
    origin_id="db46052aed7dff59ba38cf2fe29b87f9",
    category="cama_mesa_banho",
    category_english="bed_bath_table",
    name_length=56,
    description_length=509,
    photos=4,
    weight_g=6350,
    length_cm=45,
    height_cm=15,
    width_cm=None,
)
ADOPTED = ProductAdopted(**{field: getattr(ADOPT, field) for field in ProductAdopted.__slots__})
PUBLISH, DELETE = PublishProduct(product_id=PRODUCT_ID), DeleteProduct(product_id=PRODUCT_ID)
ARCHIVE = ArchiveProduct(product_id=PRODUCT_ID, reason="out of fashion")
UPDATE = UpdateProduct(product_id=PRODUCT_ID, category="gorras")


def change_price(price_minor: int, **changes: object) -> ChangePrice:
    return replace(ChangePrice(product_id=PRODUCT_ID, variant_id=VARIANT_ID, price_minor=price_minor), **changes)  # type: ignore[arg-type]


def test_a_product_begins_as_a_draft_with_a_slug_of_its_own() -> None:
    given(PRODUCT).when(create_product()).then(CREATED)
    assert CREATED.slug.startswith("sombrero-de-paja-toquilla-")
    assert len(CREATED.slug.rsplit("-", 1)[1]) == 6


def test_creating_it_again_in_the_same_words_changes_nothing() -> None:
    given(PRODUCT, CREATED).when(create_product()).nothing()


def test_another_product_under_the_same_id_is_refused() -> None:
    given(PRODUCT, CREATED).when(create_product(category="gorras")).refused(AlreadyThere, state="DRAFT")


def test_two_products_with_one_title_have_two_slugs() -> None:
    assert rules.slug(TITLES, an_id("product", 1)) != rules.slug(TITLES, an_id("product", 2))


def test_a_slug_is_plain_letters_also_without_any() -> None:
    assert rules.slug({"es": "¿Niño? Año 2026"}, PRODUCT_ID).startswith("nino-ano-2026-")
    assert len(rules.slug({"es": "帽子"}, PRODUCT_ID)) == 6
    assert len(rules.slug({"es": "a" * 200}, PRODUCT_ID)) == 107


@pytest.mark.parametrize(
    ("changes", "why", "details"),
    [
        ({"titles": {"es": "Sombrero"}}, rules.TitleMissing, {"languages": ["en"]}),
        ({"titles": {**TITLES, "en": " "}}, rules.TextInvalid, {"field": "titles", "longest": 200}),
        ({"titles": {**TITLES, "en": "x" * 201}}, rules.TextInvalid, {"field": "titles", "longest": 200}),
        ({"titles": {**TITLES, "en": "nul\0"}}, rules.TextInvalid, {"field": "titles", "longest": 200}),
        ({"titles": {**TITLES, "de": "Hut"}}, rules.LanguageUnknown, {"field": "titles", "allowed": ["es", "en"]}),
        ({"descriptions": {"es": ""}}, rules.TextInvalid, {"field": "descriptions", "longest": 5000}),
        ({"category": "x" * 81}, rules.TextInvalid, {"field": "category", "longest": 80}),
        ({"tax_category": "none"}, rules.TaxCategoryUnknown, {"allowed": ["reduced", "standard", "zero"]}),
        ({"currency": "XXX"}, rules.CurrencyUnknown, {"allowed": ["BRL", "USD"]}),
        ({"images": (Image(url="javascript:x", alt={}),)}, rules.ImageInvalid, {"longest": 2000}),
        ({"images": (Image(url="/a.png", alt={}),) * 21}, rules.TooMany, {"field": "images", "max": 20}),
    ],
)
def test_a_product_with_wrong_words_is_refused(
    changes: dict[str, object], why: type[Refused], details: dict[str, object]
) -> None:
    given(PRODUCT).when(replace(create_product(), **changes)).refused(why, **details)  # type: ignore[arg-type]


def test_a_description_may_have_lines() -> None:
    wish = create_product(descriptions={"es": "Uno.\nDos."})
    assert len(given(PRODUCT).when(wish).facts()) == 1


def test_a_variant_is_added_once() -> None:
    draft = given(PRODUCT, CREATED).state
    added = add_variant(draft, VARIANT_ID, VARIANT.sku, VARIANT.attributes, VARIANT.price_minor)
    assert added == [VARIANT]
    assert add_variant(PRODUCT.fold(draft, added), VARIANT_ID, VARIANT.sku, VARIANT.attributes, 2499) == []


@pytest.mark.parametrize(
    ("facts", "wish", "why"),
    [
        ([], {}, Unknown),
        ([CREATED, DELETED], {}, Unknown),
        ([CREATED, ARCHIVED], {}, WrongState),
        ([ADOPTED], {}, WrongState),
        ([CREATED, VARIANT], {"price_minor": 1}, VariantDiffers),
        ([CREATED, VARIANT], {"variant_id": an_id("variant", 2)}, SkuTaken),
        ([CREATED], {"price_minor": 0}, rules.PriceOutOfRange),
        ([CREATED], {"price_minor": 10**9 + 1}, rules.PriceOutOfRange),
        ([CREATED], {"sku": ""}, rules.TextInvalid),
        ([CREATED], {"attributes": {"talla": ""}}, rules.TextInvalid),
        ([CREATED], {"attributes": {str(n): "x" for n in range(21)}}, rules.TooMany),
    ],
)
def test_a_wrong_variant_is_refused(facts: list[ProductEvent], wish: dict[str, object], why: type[Refused]) -> None:
    given_words = {
        "variant_id": VARIANT_ID,
        "sku": VARIANT.sku,
        "attributes": VARIANT.attributes,
        "price_minor": VARIANT.price_minor,
    } | wish
    with pytest.raises(why):
        add_variant(given(PRODUCT, *facts).state, **given_words)  # type: ignore[arg-type]


def test_a_product_has_at_most_a_hundred_variants() -> None:
    many = [variant_added(variant_id=an_id("variant", n), sku=f"HAT-{n}") for n in range(2, 102)]
    with pytest.raises(rules.TooMany):
        add_variant(given(PRODUCT, CREATED, *many).state, VARIANT_ID, "HAT-M", {}, 1)


def test_an_update_tells_only_what_changed() -> None:
    wish = UpdateProduct(product_id=PRODUCT_ID, titles=TITLES, category="gorras")
    updated = ProductUpdated(product_id=PRODUCT_ID, titles=None, descriptions=None, category="gorras", images=None)
    given(PRODUCT, CREATED).when(wish).then(updated)
    given(PRODUCT, CREATED, updated).when(wish).nothing()


def test_an_update_changes_every_field_that_it_names() -> None:
    titles, images = {"es": "Gorra", "en": "Cap"}, (Image(url="https://cdn.example/1.png", alt={"es": "gorra"}),)
    wish = UpdateProduct(product_id=PRODUCT_ID, titles=titles, descriptions={"en": "A cap."}, images=images)
    state = given(PRODUCT, CREATED).when(wish).state
    assert (state.titles, state.descriptions, state.images) == (titles, {"en": "A cap."}, images)
    assert (state.category, state.slug) == (CREATED.category, CREATED.slug)


@pytest.mark.parametrize(
    "wish",
    [
        UpdateProduct(product_id=PRODUCT_ID, titles={"es": "", "en": "x"}),
        UpdateProduct(product_id=PRODUCT_ID, descriptions={"es": "\0"}),
        UpdateProduct(product_id=PRODUCT_ID, category=""),
    ],
)
def test_an_update_with_wrong_words_is_refused(wish: UpdateProduct) -> None:
    with pytest.raises(rules.TextInvalid):
        given(PRODUCT, CREATED).when(wish).facts()


def test_an_update_with_a_wrong_image_is_refused() -> None:
    wish = UpdateProduct(product_id=PRODUCT_ID, images=(Image(url="ftp://x", alt={}),))
    given(PRODUCT, CREATED).when(wish).refused(rules.ImageInvalid, longest=2000)


def test_a_product_with_a_variant_goes_on_sale() -> None:
    given(PRODUCT, CREATED, VARIANT).when(PUBLISH).then(PUBLISHED)


def test_a_product_without_a_variant_does_not_go_on_sale() -> None:
    given(PRODUCT, CREATED).when(PUBLISH).refused(VariantMissing)


def test_a_product_is_archived_with_a_reason() -> None:
    given(PRODUCT, *product_on_sale()).when(ARCHIVE).then(ARCHIVED)
    given(PRODUCT, CREATED).when(replace(ARCHIVE, reason="")).refused(rules.TextInvalid, field="reason", longest=500)


def test_a_product_that_was_never_on_sale_really_goes() -> None:
    given(PRODUCT, CREATED, VARIANT).when(DELETE).then(DELETED)


@pytest.mark.parametrize("facts", [[CREATED, VARIANT, PUBLISHED], [CREATED, VARIANT, PUBLISHED, ARCHIVED]])
def test_a_product_that_may_have_been_sold_stays(facts: list[ProductEvent]) -> None:
    given(PRODUCT, *facts).when(DELETE).refused(WasOnSale)


def test_a_foreign_product_is_adopted_word_for_word() -> None:
    given(PRODUCT).when(ADOPT).then(ADOPTED)
    given(PRODUCT, ADOPTED).when(ADOPT).nothing()
    given(PRODUCT, CREATED).when(ADOPT).refused(AlreadyThere, state="DRAFT")


def test_the_state_counts_the_versions_of_its_stream() -> None:
    assert given(PRODUCT, *product_on_sale()).state.version == 3


STATES: dict[str, list[ProductEvent]] = {
    "NONE": [],
    "DRAFT": [CREATED, VARIANT],
    "PUBLISHED": [CREATED, VARIANT, PUBLISHED],
    "ARCHIVED": [CREATED, VARIANT, PUBLISHED, ARCHIVED],
    "DELETED": [CREATED, DELETED],
    "ADOPTED": [ADOPTED],
}
WISHES: dict[str, ProductCommand] = {
    "create": create_product(descriptions=DESCRIPTIONS, category="zapatos"),
    "price": change_price(1),
    "update": UPDATE,
    "publish": PUBLISH,
    "archive": ARCHIVE,
    "delete": DELETE,
    "adopt": ADOPT,
}
LEGAL = {  # ".": it is so already, "!": it happens, "x": refused
    "NONE": "! x x x x x !",
    "DRAFT": "x ! ! ! ! ! x",
    "PUBLISHED": "x ! ! . ! x x",
    "ARCHIVED": "x x x x . x x",
    "DELETED": "x x x x x . x",
    "ADOPTED": "x x x x x x .",
}


@pytest.mark.parametrize(
    ("state", "wish", "expected"),
    [(state, wish, mark) for state, row in LEGAL.items() for wish, mark in zip(WISHES, row.split(), strict=True)],
)
def test_every_wish_in_every_state_is_granted_or_refused_by_the_table(state: str, wish: str, expected: str) -> None:
    try:
        facts = given(PRODUCT, *STATES[state]).when(WISHES[wish]).facts()
    except Refused:
        assert expected == "x"
    else:
        assert expected == ("!" if facts else ".")
        after = given(PRODUCT, *STATES[state], *facts)
        after.when(WISHES[wish]).nothing()
