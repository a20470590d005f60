from datetime import date
from fractions import Fraction

import pytest

from write_model.kernel.money import allocate, round_half_even
from write_model.pricing.discounts import AmountOff, PercentOff, spread
from write_model.pricing.markets import DEFAULT_MARKET, MARKETS
from write_model.pricing.shipping import Shipping, flat
from write_model.pricing.taxes import CATEGORIES, Rate, rate
from write_model.pricing.totals import PricedLine, nothing, price

NO_TAX = Rate(region="XX", category="zero", basis_points=0, included=False, rule="tax.XX.zero", version=1)
ON_TOP = Rate(region="XX", category="standard", basis_points=1075, included=False, rule="tax.XX.standard", version=7)
WITHIN = Rate(region="XX", category="standard", basis_points=1500, included=True, rule="tax.XX.standard", version=2)
SHIPPING = Shipping(amount_minor=644, rule="shipping.flat.XX", version=4)


def line(unit_price_minor: int, quantity: int = 1, rate: Rate = NO_TAX, line_id: str = "a") -> PricedLine:
    return PricedLine(line_id=line_id, unit_price_minor=unit_price_minor, quantity=quantity, rate=rate, price_version=3)


def test_tax_on_top_and_shipping_are_whole_cents() -> None:
    totals = price([line(2499, rate=ON_TOP)], "USD", shipping=SHIPPING)
    assert (totals.tax_minor, totals.total_minor) == (269, 3412)


def test_a_percentage_is_taken_of_the_line_and_not_of_the_unit() -> None:
    ten_percent = PercentOff(rule="promotion.ten", version=1, basis_points=1000)
    totals = price([line(36606, 25)], "USD", discounts=[ten_percent])
    assert totals.total_minor == 823635  # the unit-level way comes to 823625


@pytest.mark.parametrize(("net", "tax"), [(50, 2), (150, 8), (250, 12), (350, 18)])
def test_half_a_cent_goes_to_the_even_one(net: int, tax: int) -> None:
    five = Rate(region="XX", category="reduced", basis_points=500, included=False, rule="tax.XX.reduced", version=1)
    assert five.of(net) == tax


def test_rounding_goes_to_the_even_neighbour_on_both_sides_of_zero() -> None:
    halves = [Fraction(n, 2) for n in (-3, -1, 1, 3, 5)]
    assert [round_half_even(half) for half in halves] == [-2, 0, 0, 2, 2]


def test_tax_is_rounded_on_the_line_and_not_per_unit() -> None:
    totals = price([line(333, 7, ON_TOP)], "USD")
    assert totals.tax_minor == round_half_even(Fraction(333 * 7 * 1075, 10_000)) == 251
    assert 7 * ON_TOP.of(333) == 252


def test_tax_within_the_price_is_told_and_never_added_again() -> None:
    totals = price([line(2499, 2, WITHIN)], "USD", shipping=SHIPPING)
    assert totals.tax_minor == 652  # 49.98 × 15 / 115
    assert totals.total_minor == 4998 + 644
    assert totals.lines[0].total_minor == 4998
    assert totals.lines[0].tax_included


def test_ten_over_three_equal_lines_gives_the_odd_cent_to_the_first() -> None:
    ten = AmountOff(rule="promotion.ten", version=1, amount_minor=1000)
    lines = [line(999, line_id=line_id) for line_id in "abc"]
    totals = price(lines, "USD", discounts=[ten])
    assert [each.discount_minor for each in totals.lines] == [334, 333, 333]
    assert totals.discount_minor == 1000


def test_tax_is_taken_after_the_discount() -> None:
    half = PercentOff(rule="promotion.half", version=1, basis_points=5000)
    totals = price([line(2000, rate=ON_TOP)], "USD", discounts=[half])
    assert (totals.subtotal_minor, totals.discount_minor, totals.tax_minor) == (2000, 1000, 108)
    assert totals.total_minor == 1108


def test_discounts_follow_one_another_on_what_is_left() -> None:
    first = PercentOff(rule="promotion.first", version=1, basis_points=1000)
    then = AmountOff(rule="promotion.then", version=1, amount_minor=100)
    totals = price([line(1000)], "USD", discounts=[first, then])
    assert totals.discount_minor == 200


def test_a_discount_of_one_line_leaves_the_others_alone() -> None:
    off = PercentOff(rule="promotion.line", version=1, basis_points=5000, line_id="b")
    totals = price([line(1000, line_id="a"), line(1000, line_id="b")], "USD", discounts=[off])
    assert [each.discount_minor for each in totals.lines] == [0, 500]


def test_a_discount_never_takes_more_than_there_is() -> None:
    too_much = AmountOff(rule="promotion.gift", version=1, amount_minor=10**9)
    totals = price([line(999, line_id="a"), line(1, line_id="b")], "USD", discounts=[too_much])
    assert [each.total_minor for each in totals.lines] == [0, 0]


@pytest.mark.parametrize(
    "discount",
    [
        AmountOff(rule="r", version=1, amount_minor=-1),
        PercentOff(rule="r", version=1, basis_points=10_001),
        PercentOff(rule="r", version=1, basis_points=-1),
    ],
)
def test_an_impossible_discount_is_an_error(discount: AmountOff | PercentOff) -> None:
    with pytest.raises(ValueError, match=r"never|between"):
        spread(discount, ["a"], [100])


def test_the_trace_says_which_rule_gave_what() -> None:
    ten = AmountOff(rule="promotion.ten", version=9, amount_minor=10)
    trace = price([line(2499, 2, ON_TOP)], "USD", shipping=SHIPPING, discounts=[ten]).trace
    assert [(entry.rule, entry.version, entry.amount_minor, entry.line_id) for entry in trace] == [
        ("price.catalogue", 3, 4998, "a"),
        ("promotion.ten", 9, -10, "a"),
        ("tax.XX.standard", 7, 536, "a"),
        ("shipping.flat.XX", 4, 644, None),
    ]


def test_an_empty_cart_ships_nothing_and_costs_nothing() -> None:
    assert price([], "USD", shipping=SHIPPING) == nothing("USD")
    assert nothing("USD").total_minor == 0


def test_parts_of_nothing_are_nothing() -> None:
    assert allocate(10, []) == []
    assert allocate(0, [1, 2]) == [0, 0]


def test_weights_that_are_all_zero_share_equally() -> None:
    assert allocate(10, [0, 0, 0]) == [4, 3, 3]


def test_a_negative_weight_is_an_error() -> None:
    with pytest.raises(ValueError, match="never negative"):
        allocate(10, [1, -1])


def test_every_market_has_a_rate_for_every_category_on_every_day() -> None:
    for market in MARKETS.values():
        for category in CATEGORIES:
            for day in (date(2016, 1, 1), date(2026, 3, 2)):
                assert rate(market.region, category, day).basis_points >= 0


def test_an_old_day_keeps_its_old_rate() -> None:
    before, after = rate("EC", "standard", date(2024, 3, 31)), rate("EC", "standard", date(2024, 4, 1))
    assert (before.basis_points, before.version) == (1200, 1)
    assert (after.basis_points, after.version) == (1500, 2)


def test_a_region_without_a_table_is_an_error() -> None:
    with pytest.raises(KeyError):
        rate("ZZ", "standard", date(2026, 3, 2))


def test_shipping_is_flat_per_market() -> None:
    market = MARKETS[DEFAULT_MARKET]
    assert flat(market) == Shipping(amount_minor=350, rule="shipping.flat.EC", version=1)
    assert str(market.days) == "America/Guayaquil"
