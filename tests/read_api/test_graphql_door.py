"""What does the GraphQL door refuse, and with which code and status?"""

import json
from collections.abc import MutableMapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from graphql import get_introspection_query
from strawberry.extensions import validation_cache

from read_api.graphql import limits
from read_api.graphql.schema import build_schema
from tests.read_api.world import World, code_of

UNKNOWN = UUID(int=7)
DEEP = "{" + "a{" * 50 + "b" + "}" * 51


def fragments(count: int, body: str) -> str:
    """Each spreads the next one twice."""
    chain = [f"fragment f{n} on Product {{ {body} ...f{n + 1} ...f{n + 1} }}" for n in range(count)]
    return " ".join([f'{{ product(id: "{UNKNOWN}") {{ ...f0 }} }}', *chain, f"fragment f{count} on Product {{ id }}"])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (DEEP, "edge.query_too_deep"),
        ("{" + "a{" * 500 + "b" + "}" * 501, "edge.query_too_deep"),
        ('{ product(id: "x") { ' + " ".join(f"a{n}: id" for n in range(31)) + " } }", "edge.query_too_many_aliases"),
        ("{ products { nodes { " + "id " * 2100 + "} } }", "edge.query_too_long"),
        (fragments(60, "a: id"), "edge.query_too_many_aliases"),
        ("{ nothing }", "edge.query_invalid"),
        ("{ products(first: true) { nodes { id } } }", "edge.query_invalid"),
        ("{ products(first: 1.5) { nodes { id } } }", "edge.query_invalid"),
        ("query Q($f: Int!) { products(first: $f) { nodes { id } } }", "edge.query_invalid"),
        ("{", "edge.query_invalid"),
        ("", "edge.query_invalid"),
        ('subscription { orderStatusChanged(orderId: "x") { status } }', "edge.query_invalid"),
        ("{ ...f } fragment f on Query { ...f }", "edge.query_invalid"),
        ("query A { __typename } query A { __typename }", "edge.query_invalid"),
        ("query A { __typename } query B { __typename }", "edge.query_invalid"),
    ],
)
async def test_a_document_that_asks_for_too_much_or_makes_no_sense(world: World, query: str, code: str) -> None:
    answer = await world.ask(query)
    assert (answer.status_code, code_of(answer)) == (400, code)


async def test_fragments_that_spread_each_other_twice_cost_no_more_than_their_number(world: World) -> None:
    answer = await world.ask(fragments(100, ""))
    assert answer.status_code == 200
    assert answer.json()["data"] == {"product": None}


async def test_a_long_chain_of_fragments_is_answered_or_refused(world: World) -> None:
    chain = " ".join(f"fragment f{n} on Product {{...f{n + 1}}}" for n in range(240))
    answer = await world.ask(f'{{ product(id: "{uuid4()}") {{ ...f0 }} }} {chain} fragment f240 on Product {{ id }}')
    assert answer.status_code in (200, 400)


async def test_the_schema_can_be_asked_for_as_graphiql_does(world: World) -> None:
    query = get_introspection_query(
        descriptions=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    answer = await world.ask(query)
    assert answer.status_code == 200
    assert "Product" in {each["name"] for each in answer.json()["data"]["__schema"]["types"]}
    deeper = "{ __schema { types { fields { type " + "{ ofType " * 20 + "{ name }" + " }" * 20 + " } } } }"
    assert code_of(await world.ask(deeper)) == "edge.query_too_deep"


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"{", 400, "edge.body_malformed"),
        (b"", 400, "edge.body_malformed"),
        (b'{"query": "\xff"}', 400, "edge.body_malformed"),
        (b"[" * 60_000, 422, "edge.body_invalid"),
        (b'{"query": "{a}", "variables": {"x": ' + b"[" * 60_000, 400, "edge.body_malformed"),
        (b"[]", 422, "edge.body_invalid"),
        (b'{"query": 1}', 422, "edge.body_invalid"),
        (b'{"query": null}', 422, "edge.body_invalid"),
        (b'{"variables": {}}', 422, "edge.body_invalid"),
        (b'{"query": "{ __typename }", "price": 1}', 422, "edge.body_invalid"),
        (b'{"query": "{ __typename }", "variables": []}', 422, "edge.body_invalid"),
        (b'{"query": "{ __typename }", "operationName": "Q"}', 400, "edge.query_invalid"),
        (b'{"query": "' + b"x" * 70_000 + b'"}', 413, "edge.body_too_large"),
        (b"x" * 10_000_000, 413, "edge.body_too_large"),
    ],
)
async def test_a_body_that_cant_be_read(world: World, raw: bytes, status: int, code: str) -> None:
    answer = await world.raw(raw)
    assert (answer.status_code, code_of(answer)) == (status, code)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": "Bearer nonsense"}, 401, "edge.token_invalid"),
        ({"Authorization": "Basic YTpi"}, 401, "edge.token_invalid"),
        ({"Authorization": "Bearer "}, 401, "edge.token_invalid"),
        ({"Consistency-Token": "-1"}, 422, "edge.parameter_invalid"),
        ({"Consistency-Token": "one"}, 422, "edge.parameter_invalid"),
        ({"Consistency-Token": "9" * 6_000}, 422, "edge.parameter_invalid"),
        ({"Content-Type": "text/plain"}, 415, "edge.media_type"),
    ],
)
async def test_a_header_that_is_wrong(world: World, headers: dict[str, str], status: int, code: str) -> None:
    answer = await world.ask("{ __typename }", headers=headers)
    assert (answer.status_code, code_of(answer)) == (status, code)


async def test_an_expired_token_is_told_from_a_wrong_one(world: World) -> None:
    token = world.shop.token(uuid4())
    world.clock.advance(901)
    answer = await world.ask("{ __typename }", token=token)
    assert (answer.status_code, code_of(answer)) == (401, "edge.token_expired")


async def test_errors_speak_the_clients_language(world: World) -> None:
    said = [
        (await world.ask("{ orders { edges { cursor } } }", headers={"Accept-Language": spoken})).json()["errors"]
        for spoken in ("es", "en")
    ]
    assert [errors[0]["message"] for errors in said] == ["Primero hay que iniciar sesión", "You have to sign in first"]


async def test_queries_may_be_sent_by_get_and_mutations_not(world: World) -> None:
    asked = await world.client.get("/graphql", params={"query": "{ __typename }"})
    assert asked.json()["data"] == {"__typename": "Query"}
    mutation = 'mutation { cancelOrder(orderId: "x", key: "k") { replayed } }'
    refused = await world.client.get("/graphql", params={"query": mutation})
    assert (refused.status_code, code_of(refused)) == (400, "edge.query_invalid")
    deep = await world.client.get("/graphql", params={"query": "{ __typename }", "variables": "{"})
    assert (deep.status_code, code_of(deep)) == (400, "edge.body_malformed")
    put = await world.client.put("/graphql")
    assert (put.status_code, code_of(put), put.headers["Allow"]) == (405, "edge.method_not_allowed", "GET, POST")


async def test_one_of_several_operations_is_named(world: World) -> None:
    named = {"query": "query A { a: __typename } query B { b: __typename }", "operationName": "B"}
    assert (await world.raw(json.dumps(named).encode())).json()["data"] == {"b": "Query"}


async def test_both_addresses_answer_without_a_detour(world: World) -> None:
    for path in ("/graphql", "/graphql/", "/api/v1/graphql", "/api/v1/graphql/"):
        answer = await world.client.post(path, json={"query": "{ __typename }"})
        assert answer.status_code == 200, path


async def test_the_same_document_is_validated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[object] = []

    class Counted(limits.LimitsRule):
        def __init__(self, context: Any) -> None:
            measured.append(context.document)
            super().__init__(context)

    monkeypatch.setattr(limits, "LimitsRule", Counted)
    validation_cache._get_validate_cache.cache_clear()
    schema = build_schema()
    for _ in range(5):
        await schema.execute(f"query {Counted.__qualname__.split('.')[0]} {{ __typename }}")
    assert len(measured) == 1


async def test_a_bug_is_logged_and_told_to_nobody_outside(
    world: World, monkeypatch: pytest.MonkeyPatch, logged: list[MutableMapping[str, Any]]
) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("secret of the house")

    monkeypatch.setattr(world.mongo, "load", broken)
    await world.catch_up()
    answer = await world.ask(f'{{ product(id: "{uuid4()}") {{ id }} }}')
    assert (answer.status_code, code_of(answer)) == (500, "edge.internal")
    assert "secret" not in json.dumps(answer.json())
    assert [entry["path"] for entry in logged if entry["event"] == "not handled"] == [["product"]]
