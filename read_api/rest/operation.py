"""One read of the API: where it is, what it takes and answers; and its page in the contract (OpenAPI 3.1)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from projections.order_tracking.view import Found, OrderTracking
from read_api.rest.answers import JSON, PROBLEM, Endpoint
from write_model.handling.catalogue import entry

AsOf = Callable[[OrderTracking, int | datetime], Awaitable[Found[OrderTracking] | None]]
REFERENCE = "#/components/schemas/{name}View"  # a command's body may have the same name
FAILURE = {"$ref": "#/components/schemas/Problem"}
EVERYWHERE = (
    *("edge.parameter_invalid", "edge.token_invalid", "edge.token_expired"),
    *("read.behind", "read.rebuilding", "read.lost_future", "edge.too_many_requests", "edge.busy"),
)


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: str
    description: str


PAGE = (
    Parameter("after", "string", "`next` of the page before, under the same sort."),
    Parameter("limit", "integer", "Entries of a page, 1 to 100; 20 where it is not given."),
)


@dataclass(frozen=True, slots=True)
class Operation:
    path: str  # below the prefix
    name: str
    summary: str
    endpoint: Endpoint
    document: type[msgspec.Struct]
    example: object
    is_list: bool = False
    parameters: Sequence[Parameter] = ()
    signed_in: bool = False
    session: bool = False  # a cart session will do, too


def paths(prefix: str, operations: Sequence[Operation]) -> dict[str, Any]:
    """`paths` of the contract."""
    return {f"{prefix}{operation.path}": {"get": _described(operation)} for operation in operations}


def schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    """`components.schemas` of the documents."""
    documents = list(dict.fromkeys(operation.document for operation in operations))
    _, components = msgspec.json.schema_components(documents, ref_template=REFERENCE)
    return {f"{name}View": component for name, component in components.items()}


def _described(operation: Operation) -> dict[str, Any]:
    reference: Mapping[str, Any] = {"$ref": REFERENCE.format(name=operation.document.__name__)}
    schema: Mapping[str, Any] = reference
    if operation.is_list:
        schema = {
            "type": "object",
            "required": ["items", "next", "position"],
            "properties": {
                "items": {"type": "array", "items": reference},
                "next": {"type": ["string", "null"]},
                "position": {"type": "integer"},
            },
        }
    headers = {
        "Consistency-Token": {"schema": {"type": "string"}, "description": "The position that the answer has seen."},
        "ETag": {"schema": {"type": "string"}, "description": "For If-None-Match."},
    }
    example = {"items": [operation.example], "next": None, "position": 4711} if operation.is_list else operation.example
    content = {JSON: {"schema": schema, "example": example}}
    ok = {"description": "As of its position.", "headers": headers, "content": content}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.path.split("/")[1]],
        "parameters": [*_path_parameters(operation.path), *_query_parameters(operation), *_header_parameters()],
        "responses": {"200": ok, "304": {"description": "Not modified."}, **_errors(operation)},
        "security": _security(operation),
    }
    return described


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.signed_in:
        return [{"token": []}]
    return [{"token": []}, {"cartSession": []}] if operation.session else [{}, {"token": []}]


def _errors(operation: Operation) -> dict[str, Any]:
    codes = [*EVERYWHERE, *(["edge.not_found"] if "{" in operation.path else [])]
    codes += ["edge.sign_in_needed"] if operation.signed_in else []
    by_status: dict[str, list[str]] = {}
    for code in codes:
        by_status.setdefault(str(entry(code).status), []).append(code)
    return {
        status: {
            "description": f"Problem details: {', '.join(f'`{code}`' for code in named)}.",
            "content": {PROBLEM: {"schema": FAILURE}},
        }
        for status, named in sorted(by_status.items())
    }


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    schema = {"type": "string", "format": "uuid"}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    given = (*operation.parameters, *(PAGE if operation.is_list else ()))
    return [
        {"name": each.name, "in": "query", "description": each.description, "schema": {"type": each.type}}
        for each in given
    ]


def _header_parameters() -> list[dict[str, Any]]:
    token = "A position that the reader has seen: the answer is never older."  # noqa: S105 the contract's words
    wait = "`wait=N`: seconds to wait for that position (at most 5; 0.5 where it is not given)."
    return [
        {"name": "Consistency-Token", "in": "header", "description": token, "schema": {"type": "string"}},
        {"name": "Prefer", "in": "header", "description": wait, "schema": {"type": "string"}},
        {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}},
    ]
