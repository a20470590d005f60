"""How often is a store asked for one page of products? The drivers themselves count."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.kit.platform import Platform
from tests.kit.shop import Shop
from tools.bench.store_calls import calls_of

pytestmark = [pytest.mark.integration, pytest.mark.timeout(150)]

PAGE = """query Page($first: Int!, $most: Minor) {
  products(first: $first, where: {price: {max: $most}}) {
    nodes { id images { url } variants { price { amountMinor } stock { available } } } } }"""
MOST = 8  # calls on all stores together


async def test_a_page_of_20_products_makes_as_many_calls_on_the_stores_as_one_of_5(
    shop: Shop, platform: Platform
) -> None:
    await asyncio.gather(*(shop.variant(stock=3) for _ in range(20)))

    def page(first: int, number: int) -> Mapping[str, Any]:
        return {"query": PAGE, "variables": {"first": first, "most": 90_000_000 + number}}  # asked for the first time

    pages = {"a first one": [page(2, 1)], "5": [page(5, 2)], "20": [page(20, 3)]}
    calls = await calls_of(platform.settings, pages)

    said = ", ".join(f"{count} on {store}" for store, count in sorted(calls["20"].items()))
    sys.stdout.write(f"products(first: 20) {{ price stock images }}: {said}; first: 5: {dict(calls['5'])}\n")
    assert 0 < calls["20"].total() <= calls["5"].total() <= MOST
