"""Does a compiled plan answer exactly what graphql-core answers, byte for byte, whatever is asked?"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import httpx2
import pytest

from projections.product_page.view import Readers
from read_api.graphql import context
from read_api.graphql.app import Door
from read_api.graphql.compiled.queries import Queries
from read_api.graphql.rooms import product as product_room
from read_api.graphql.schema import build_schema
from read_api.wait_for import Need, reach
from tests.read_api.queries import Asked, Generator, Word
from tests.read_api.world import Answer, Shopper, World

QUERIES = 200
SEED = 20_261_124


@dataclass
class Both:
    """The same door twice: one without plans, and one with them."""

    library: httpx2.AsyncClient
    plans: httpx2.AsyncClient
    queries: Queries
    token: str

    async def answers(self, asked: Asked, headers: dict[str, str] | None = None) -> tuple[Answer, Answer]:
        """The library's answer, and what is answered to a document that is known."""
        body = json.dumps({"query": asked.query, "variables": asked.variables}).encode()
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}", **(headers or {})}
        answers = [await client.post("/graphql", content=body, headers=sent) for client in self._clients]
        return answers[0], answers[-1]

    @property
    def _clients(self) -> Sequence[httpx2.AsyncClient]:
        return [self.library, self.plans, self.plans]


def both_of(world: World, shopper: Shopper) -> Both:
    schema = build_schema()
    queries = Queries(schema)

    def client(queries: Queries) -> httpx2.AsyncClient:
        door = Door(queries, world.platform, world.verifier, "", world.app)
        return world.shop.client_of(door)  # type: ignore[arg-type]  # any ASGI application will do

    return Both(client(Queries(schema, most=0)), client(queries), queries, shopper.token)


def same(library: Answer, plan: Answer, asked: Asked) -> None:
    assert plan.content == library.content, asked.query
    assert (plan.status_code, dict(plan.headers)) == (library.status_code, dict(library.headers)), asked.query


async def furnished(world: World) -> tuple[Both, dict[str, Sequence[Any]]]:
    """A shop with something of everything, and what arguments may be."""
    shopper, order_id = await world.ordered()
    for number in range(3):
        await world.shop.variant_on_sale(units=number, price_minor=1000 + 100 * number)
    position = await world.catch_up()
    page = (await world.ask("{ products { nodes { id slug } pageInfo { endCursor } } }")).json()["data"]["products"]
    ids = [node["id"] for node in page["nodes"]]
    identities = [*ids, order_id, order_id, shopper.cart, str(UUID(int=7)), "x"]
    values: dict[str, Sequence[Any]] = {
        "id": identities,
        "slug": [node["slug"] for node in page["nodes"]] + ["no-such-thing", None],
        "where": [{}, {"available": True}, {"price": {"min": 1050}}, {"category": "caps", "available": False}, None],
        "sortBy": [Word("NEWEST"), Word("TITLE"), Word("PRICE_DOWN")],
        "search": ["gorra", "", None],
        "first": [1, 2, 20, 100, 0],
        "after": [page["pageInfo"]["endCursor"], None, None, "no cursor"],
        "locale": ["es", "en", "xx", None],
        "asOf": [{"position": position}, {"position": 1}, None],
    }
    return both_of(world, shopper), values


async def test_random_queries_are_answered_as_the_library_answers_them(world: World) -> None:
    both, values = await furnished(world)
    generator = Generator(build_schema()._schema, Random(SEED), values)
    seen: Counter[str] = Counter()
    for _ in range(QUERIES):
        asked = generator.query()
        planned = both.queries.by_plan
        library, plan = await both.answers(asked)
        same(library, plan, asked)
        fine = "errors" not in library.json()
        seen["fine" if fine else "errors"] += 1
        assert (both.queries.by_plan > planned) == fine, asked.query
    sys.stdout.write(f"{QUERIES} random queries, every answer the same: {dict(seen)}\n")
    assert seen["fine"] > QUERIES / 4
    assert seen["errors"] > QUERIES / 10


async def test_conditions_are_worked_out_for_each_value_of_their_variables(world: World) -> None:
    both, _ = await furnished(world)
    query = """query Q($a: Boolean!, $b: Boolean = true) {
      products(first: 1) { nodes { id @include(if: $a) ... @skip(if: $b) { slug variants { sku } } title } } }"""
    found = set()
    for variables in ({"a": True}, {"a": False}, {"a": True, "b": False}, {"a": False, "b": False}):
        library, plan = await both.answers(Asked(query, dict(variables)))
        same(library, plan, Asked(query, dict(variables)))
        found.add(plan.content)
    assert len(found) == 4
    assert both.queries.by_plan == 7


@pytest.mark.parametrize("broken", ["slug", "variants", "images"])
async def test_a_value_that_breaks_the_schemas_promise_is_told_as_the_library_tells_it(
    world: World, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, _ = await furnished(world)
    asked = Asked("{ products { nodes { id slug images { url } variants { sku } } } }", {})
    await both.answers(asked)
    shown = product_room.shown

    def without(*args: Any) -> product_room.Product:
        product = shown(*args)
        setattr(product, broken, None if broken == "slug" else [object()])
        return product

    monkeypatch.setattr(product_room, "shown", without)
    library, plan = await both.answers(asked)
    same(library, plan, asked)
    assert library.status_code == (200 if broken == "images" and not library.json().get("errors") else 500)


async def test_a_view_that_is_behind_is_waited_for_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    both, _ = await furnished(world)
    asked = Asked("{ products { nodes { id } } }", {})
    await both.answers(asked)
    waited: list[object] = []

    async def counted(readers: Readers, need: Need, *sources: Any) -> None:
        waited.append(sources)
        await reach(readers, need, *sources)

    monkeypatch.setattr(context, "reach", counted)
    ahead = {"Consistency-Token": str(await world.head() + 1), "Prefer": "wait=0"}
    library, plan = await both.answers(asked, ahead)
    same(library, plan, asked)
    assert library.status_code == 503
    assert len(waited) == 3  # once for each of the requests


async def test_what_plans_cannot_do_is_the_librarys(world: World) -> None:
    both, _ = await furnished(world)
    introspection = "{ __schema { queryType { name } } }"
    for query in (introspection, '{ products { nodes { id } } __type(name: "Cart") { name } }'):
        library, plan = await both.answers(Asked(query, {}))
        same(library, plan, Asked(query, {}))
    unknown = Asked("query Q($id: ID!) { product(id: $id) { id } }", {"id": {"not": "an id"}})
    library, plan = await both.answers(unknown)
    same(library, plan, unknown)
    assert library.status_code == 400
    assert both.queries.by_plan == 0


async def test_stock_of_a_page_is_asked_for_at_once_by_a_plan(world: World) -> None:
    both, _ = await furnished(world)
    asked = Asked("{ a: products { nodes { variants { stock { available } } } } }", {})
    world.platform.documents._kept.clear()
    await both.library.post("/graphql", json={"query": asked.query})
    await both.answers(asked)
    world.platform.documents._kept.clear()
    before, planned = world.copies.asked, both.queries.by_plan
    await both.plans.post("/graphql", json={"query": asked.query})
    assert (world.copies.asked - before, both.queries.by_plan - planned) == (1, 1)
