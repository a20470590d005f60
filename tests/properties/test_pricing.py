from hypothesis import given as for_all
from hypothesis import strategies as st

from write_model.kernel.money import allocate
from write_model.pricing.discounts import AmountOff, Discount, PercentOff
from write_model.pricing.shipping import Shipping
from write_model.pricing.taxes import Rate
from write_model.pricing.totals import PricedLine, price

RATES = st.builds(
    Rate,
    region=st.just("XX"),
    category=st.just("standard"),
    basis_points=st.integers(0, 3000),
    included=st.booleans(),
    rule=st.just("tax.XX.standard"),
    version=st.just(1),
)
AMOUNTS: st.SearchStrategy[Discount] = st.builds(
    AmountOff, rule=st.just("amount"), version=st.just(1), amount_minor=st.integers(0, 10**7)
)
PERCENTS: st.SearchStrategy[Discount] = st.builds(
    PercentOff, rule=st.just("percent"), version=st.just(1), basis_points=st.integers(0, 10_000)
)
DISCOUNTS = st.lists(AMOUNTS | PERCENTS, max_size=3)
SHIPPING = st.builds(
    Shipping, amount_minor=st.integers(0, 10_000), rule=st.just("shipping.flat.XX"), version=st.just(1)
)


@st.composite
def lines(draw: st.DrawFn) -> list[PricedLine]:
    return [
        PricedLine(
            line_id=str(number),
            unit_price_minor=draw(st.integers(1, 10**6)),
            quantity=draw(st.integers(1, 999)),
            rate=draw(RATES),
            price_version=1,
        )
        for number in range(draw(st.integers(0, 8)))
    ]


@for_all(lines(), SHIPPING, DISCOUNTS)
def test_a_total_is_the_sum_of_its_parts(
    priced: list[PricedLine], shipping: Shipping, discounts: list[Discount]
) -> None:
    totals = price(priced, "USD", shipping=shipping, discounts=discounts)
    on_top = sum(line.tax_minor for line in totals.lines if not line.tax_included)
    assert totals.total_minor == totals.subtotal_minor - totals.discount_minor + on_top + totals.shipping_minor
    assert totals.total_minor == sum(line.total_minor for line in totals.lines) + totals.shipping_minor
    assert totals.tax_minor == sum(line.tax_minor for line in totals.lines)
    assert totals.discount_minor == sum(line.discount_minor for line in totals.lines)


@for_all(lines(), SHIPPING, DISCOUNTS)
def test_no_line_is_ever_below_zero(priced: list[PricedLine], shipping: Shipping, discounts: list[Discount]) -> None:
    totals = price(priced, "USD", shipping=shipping, discounts=discounts)
    assert all(0 <= line.discount_minor <= line.subtotal_minor for line in totals.lines)
    assert all(0 <= line.tax_minor <= line.total_minor for line in totals.lines)


@for_all(lines(), SHIPPING, DISCOUNTS)
def test_the_trace_alone_gives_the_total_again(
    priced: list[PricedLine], shipping: Shipping, discounts: list[Discount]
) -> None:
    totals = price(priced, "USD", shipping=shipping, discounts=discounts)
    included = {line.line_id for line in totals.lines if line.tax_included}
    told = [
        entry.amount_minor
        for entry in totals.trace
        if not (entry.rule.startswith("tax.") and entry.line_id in included)
    ]
    assert sum(told) == totals.total_minor


@for_all(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_parts_always_add_up_and_differ_from_their_share_by_less_than_one(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    shares = weights if any(weights) else [1] * len(weights)
    assert all(abs(part * sum(shares) - total * share) < sum(shares) for part, share in zip(parts, shares, strict=True))
