"""The contract is valid, says all that can happen, and is what the routes really do."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.write_model.api.shop import Shop, open_shop
from write_model.api import app as api
from write_model.api.bodies import Body
from write_model.api.contract import codes
from write_model.api.operation import Operation
from write_model.handling.catalogue import CATALOGUE

EVERY_ERROR = {"400", "401", "403", "404", "409", "412", "413", "415", "422", "429", "503"}


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with open_shop() as opened:
        yield opened


@pytest.fixture
def document(shop: Shop) -> dict[str, Any]:
    return shop.app.openapi()


def pages(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [page for path in document["paths"].values() for page in path.values()]


async def test_it_is_valid_openapi_3_1(shop: Shop, document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")
    assert (await shop.send("GET", "/openapi.json")).json() == document


async def test_every_kind_of_error_is_documented_with_its_shape(document: dict[str, Any]) -> None:
    documented = {status for page in pages(document) for status in page["responses"]}
    assert documented >= EVERY_ERROR
    for page in pages(document):
        for status, response in page["responses"].items():
            if int(status) >= 400:
                content = response["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert all(each["value"]["code"] in CATALOGUE for each in content["examples"].values())


async def test_a_changing_order_documents_each_error_that_it_can_answer(document: dict[str, Any]) -> None:
    place = document["paths"]["/api/v1/rest/orders"]["post"]["responses"]
    assert place.keys() >= EVERY_ERROR | {"201", "500"}


async def test_every_answer_has_an_example_with_the_required_members(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for page in pages(document):
        good = next(response for status, response in page["responses"].items() if status.startswith("2"))
        content = good["content"]["application/json"]
        schema = schemas[content["schema"]["$ref"].rpartition("/")[2]]
        assert content["example"].keys() >= set(schema["required"]), page["operationId"]


async def test_every_body_is_closed_and_has_no_place_for_prices_owners_or_states(document: dict[str, Any]) -> None:
    forbidden = re.compile(r"total|status|state|customerId|owner|subtotal|unitPrice", re.IGNORECASE)
    for body in Body.__subclasses__():
        schema = body.model_json_schema()
        assert schema["additionalProperties"] is False, body.__name__
        assert not [name for name in schema.get("properties", {}) if forbidden.search(name)], body.__name__


async def test_names_of_operations_and_their_parameters_are_there_once(shop: Shop, document: dict[str, Any]) -> None:
    names = [page["operationId"] for page in pages(document)]
    assert len(names) == len(set(names))
    for path, operations in document["paths"].items():
        for page in operations.values():
            named = {each["name"] for each in page["parameters"] if each["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize("code", ["edge.key_missing"])
async def test_what_makes_money_stock_or_an_order_needs_a_key(shop: Shop, code: str) -> None:
    needed = {each.name for each in table(shop) if each.key}
    assert needed == {
        "receiveStock",
        "adjustStock",
        "createOrder",
        "cancelOrder",
        "refundOrder",
        "capturePayment",
        "voidPayment",
        "refundPayment",
    }
    assert all(code in codes(each) for each in table(shop) if each.key)
    for each in table(shop):
        if each.key:
            path = re.sub(r"{\w+}", "00000000-0000-0000-0000-000000000001", each.path)
            body = {"quantity": 1, "reason": "x"} if each.tag == "stock" else {"reason": "x"}
            if each.name == "createOrder":
                body = {"cartId": "00000000-0000-0000-0000-000000000001"}
            if each.name == "capturePayment":
                body = {}
            order = (await shop.send(each.method, path, body, token=shop.token(shop.world.ids.new(), "admin"))).json()
            assert order["code"] in (code, "order.unknown"), each.name


def table(shop: Shop) -> list[Operation]:
    door: Any = type("NoDoor", (), {})()
    return api.operations(door)
