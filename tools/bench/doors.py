"""How many requests a second does a door answer? The keys `rest_command`, `graphql_*` and `rest_list`.

32 connections to the platform's one HTTP process, each asking again when it has the answer, beside an endpoint that
gives the same bytes on the same server. Hot: the same question as before, and nothing has changed. Cold: never asked.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, cycle
from typing import Any

from tools.api_client import PREFIX
from tools.bench import processes
from tools.bench.bare import bare
from tools.bench.figures import Figure, Limit
from tools.bench.histogram import Histogram
from tools.bench.plan import Plan
from tools.bench.shop import Shop
from tools.bench.store_calls import Calls, calls_of
from tools.bench.wire import Got, Wire, asked
from tools.demo_catalogue import products

CONNECTIONS = 32
_LINES = 5  # of a cart
_LIST = f"{PREFIX}/products?available=true&limit=20"
LIST_QUERY = """query List($most: Minor, $first: Int = 20) {
  products(where: {available: true, price: {max: $most}}, first: $first) {
    nodes { id slug title rating { average count } images { url alt } variants { id price { amountMinor currency }
      stock { available } } } } }"""
_PAGE_QUERY = """query Page($id: ID, $locale: String) {
  product(id: $id) { id slug title(locale: $locale) description category rating { average count } images { url alt }
    variants { id sku price { amountMinor currency } attributes { name value } stock { available } } } }"""

Ask = Callable[[], bytes]  # the next request


@dataclass(frozen=True, slots=True)
class Passed:
    """What went through."""

    rate: float
    times: Histogram


async def pressed(url: str, asks: Sequence[Ask], seconds: float, status: int = 200) -> Passed:
    """A connection for each. Raises AssertionError for any other answer."""
    times, wires = Histogram(), [Wire(url) for _ in asks]
    begun = time.perf_counter()
    until = begun + seconds

    async def keep_asking(wire: Wire, ask: Ask) -> None:
        while (now := time.perf_counter()) < until:
            got = await wire.ask(ask())
            assert got.status == status, got.body[:300]
            times.record((time.perf_counter() - now) * 1000)

    try:
        await asyncio.gather(*(keep_asking(wire, ask) for wire, ask in zip(wires, asks, strict=True)))
        return Passed(times.count / (time.perf_counter() - begun), times)
    finally:
        for wire in wires:
            wire.close()


async def once(url: str, request: bytes) -> Got:
    wire = Wire(url)
    try:
        return await wire.ask(request)
    finally:
        wire.close()


@dataclass(frozen=True, slots=True)
class Door:
    """Where the platform is asked, and by what it is measured."""

    shop: Shop
    plan: Plan

    async def beside_bare(self, key: str, url: str, asks: Sequence[Ask], target: float) -> Figure:
        """Ours and the bare endpoint in turn."""
        plan, http = self.plan, [pid for pid, name in self.shop.family.items() if name == "http"]
        first = await once(url, asks[0]())
        assert first.status == 200, first.body[:500]
        rates, times, limits = list[float](), Histogram(), list[float]()
        async with bare(first) as limit:
            spent, answered = {**dict.fromkeys(http, "http"), limit.pid: "bare"}, 0
            before = processes.cpu_seconds(spent)
            for run in range(plan.runs + 1):
                passed = await pressed(limit.url, asks, plan.seconds)
                limits.append(passed.rate)
                answered += passed.times.count
                if run < plan.runs:
                    passed = await pressed(url, asks, plan.seconds)
                    rates.append(passed.rate)
                    times.add(passed.times)
            cpu = processes.since(before, processes.cpu_seconds(spent))
        told = times.as_json()
        beside = {name: told[name] for name in ("p50_ms", "p95_ms", "p99_ms")}
        beside |= {"http_cpu_ms": cpu["http"] * 1000 / times.count, "bare_cpu_ms": cpu["bare"] * 1000 / answered}
        beside |= {"bytes": float(len(first.body))}
        return Figure(key, "/s", rates, Limit(limits), target, beside)


async def measure_command(shop: Shop, plan: Plan) -> Sequence[Figure]:
    """`rest_command`: addCartItem, each connection into carts of its own."""
    url, wire = shop.run.urls["rest"], Wire(shop.run.urls["rest"])
    variants = [str(variant) for variant in shop.variants]

    async def adding(number: int) -> Ask:
        headers = {"authorization": f"Bearer {shop.token(shop.customers[number % len(shop.customers)])}"}
        created = await wire.ask(asked("POST", f"{PREFIX}/carts", {}, headers))
        assert created.status == 201, created.body
        path = f"{PREFIX}/carts/{created.json()['id']}/items"
        requests = [
            asked("POST", path, {"variantId": variant, "quantity": 1}, headers)
            for variant in variants[number : number + _LINES]  # the same lines grow, each to 999 at most
        ]
        turn = cycle(requests)
        return lambda: next(turn)

    asks = [await adding(number) for number in range(CONNECTIONS)]
    wire.close()
    figure = await Door(shop, plan).beside_bare("rest_command", url, asks, 0.15)
    return [figure]


async def measure_product(shop: Shop, plan: Plan) -> Sequence[Figure]:
    """`graphql_product`: hot, cold, and hot for somebody signed in."""
    door, url, number = Door(shop, plan), shop.run.urls["graphql"], count()
    page = str(next(iter(products())).product_id)

    def cold() -> bytes:
        return _posted(_PAGE_QUERY, {"id": page, "locale": f"x{next(number)}"})

    def hot(headers: Mapping[str, str]) -> Sequence[Ask]:
        return _again(_posted(_PAGE_QUERY, {"id": page, "locale": "es"}, headers))

    return [
        await door.beside_bare("graphql_product", url, hot({}), 0.40),
        await door.beside_bare("graphql_product_cold", url, [cold] * CONNECTIONS, 0.15),
        await door.beside_bare("graphql_product_signed_in", url, hot(_signed_in(shop)), 0.25),
    ]


async def measure_list(shop: Shop, plan: Plan) -> Sequence[Figure]:
    """`graphql_list`: the same for 20 products with price, stock, image and rating."""
    door, url, number = Door(shop, plan), shop.run.urls["graphql"], count(10_000_000)

    def cold() -> bytes:
        return _posted(LIST_QUERY, {"most": next(number)})  # a limit that leaves the same products

    def hot(headers: Mapping[str, str]) -> Sequence[Ask]:
        return _again(_posted(LIST_QUERY, {"most": 9_999_999}, headers))

    few, many = await _calls(shop)
    figure = await door.beside_bare("graphql_list", url, hot({}), 0.40)
    beside = {f"{store}_calls": float(calls) for store, calls in many.items()}
    beside["calls_more_than_of_5"] = float(many.total() - few.total())  # it must not grow with the products
    return [
        replace(figure, beside={**figure.beside, **beside}, bounds={"calls_more_than_of_5": 0.0}),
        await door.beside_bare("graphql_list_cold", url, [cold] * CONNECTIONS, 0.15),
        await door.beside_bare("graphql_list_signed_in", url, hot(_signed_in(shop)), 0.25),
    ]


async def measure_rest_list(shop: Shop, plan: Plan) -> Sequence[Figure]:
    """`rest_list`: the same list over REST, hot."""
    door, url = Door(shop, plan), shop.run.urls["rest"]
    return [
        await door.beside_bare("rest_list", url, _again(asked("GET", _LIST)), 0.50),
        await door.beside_bare("rest_list_signed_in", url, _again(asked("GET", _LIST, None, _signed_in(shop))), 0.25),
    ]


async def _calls(shop: Shop) -> tuple[Calls, Calls]:
    """On the stores, of pages of 5 and of 20 products. The last of each was not asked before."""

    def asked_for(first: int) -> Sequence[Mapping[str, Any]]:
        limits = (9_999_998, 9_999_999)
        return [{"query": LIST_QUERY, "variables": {"most": most, "first": first}} for most in limits]

    found = await calls_of(shop.settings, {"5": asked_for(5), "20": asked_for(20)})
    return found["5"], found["20"]


def _again(request: bytes) -> Sequence[Ask]:
    return [lambda: request] * CONNECTIONS


def _signed_in(shop: Shop) -> Mapping[str, str]:
    return {"authorization": f"Bearer {shop.token(shop.customers[0])}"}


def _posted(query: str, variables: Mapping[str, object], headers: Mapping[str, str] | None = None) -> bytes:
    return asked("POST", "/graphql", {"query": query, "variables": variables}, headers)
