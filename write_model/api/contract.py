"""What does the API promise? OpenAPI 3.1 from the table of operations, with examples and every error's shape."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from write_model.api.auth import SESSION
from write_model.api.door import PREFIX
from write_model.api.operation import Operation
from write_model.api.problems import MEDIA_TYPE, TYPES
from write_model.handling.catalogue import CATALOGUE

TITLE, VERSION = "TeLoCompro commands", "1"
EVERYWHERE = ("edge.internal", "log.unavailable", "log.busy", "log.unknown", "edge.too_many_requests")
WITH_BODY = ("edge.body_malformed", "edge.body_invalid", "edge.body_too_large", "edge.media_type")
WITH_TOKEN = ("edge.token_invalid", "edge.token_expired")
WITH_KEY = ("edge.key_invalid", "edge.key_reused", "edge.in_flight", "edge.session_missing")
WITH_VERSION = ("edge.if_match_invalid", "edge.version_differs")

_TEXT = {"type": "string"}
_UUID = {"type": "string", "format": "uuid"}
_ANSWER = {
    "type": "object",
    "description": "The aggregate after the command: its own fields, with version and position.",
    "required": ["id", "version", "position", "status"],
    "properties": {
        "id": _UUID,
        "version": {"type": "integer", "minimum": 0, "description": "For If-Match"},
        "position": {"type": "integer", "minimum": 0, "description": "For Consistency-Token"},
        "status": _TEXT,
    },
    "additionalProperties": True,
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Beside these members stand the facts of the code, as `available` or `currentVersion`.",
    "required": ["type", "title", "status", "instance", "code", "traceId"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string", "description": "In the language of Accept-Language: es or en"},
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": _TEXT,
        "code": {"type": "string", "description": "Stable: branch on it", "enum": sorted(CATALOGUE)},
        "traceId": _TEXT,
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
    },
    "additionalProperties": True,
}
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "Answer": _ANSWER,
    "Profile": {
        **_ANSWER,
        "description": "What only its owner reads. After erasure e-mail and name are null.",
        "properties": {
            **_ANSWER["properties"],  # type: ignore[dict-item]
            "email": {"type": ["string", "null"]},
            "name": {"type": ["string", "null"]},
            "locale": _TEXT,
        },
    },
    "Token": {
        "type": "object",
        "required": ["accessToken", "tokenType", "expiresIn", "customerId"],
        "properties": {
            "accessToken": _TEXT,
            "tokenType": {"const": "Bearer"},
            "expiresIn": {"type": "integer", "description": "seconds"},
            "customerId": _UUID,
        },
    },
    "Received": {"type": "object", "required": ["received"], "properties": {"received": {"const": True}}},
    "Problem": _PROBLEM,
    "FieldError": {
        "type": "object",
        "required": ["pointer", "code", "message"],
        "properties": {
            "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) into the body"},
            "code": _TEXT,
            "message": _TEXT,
        },
    },
}
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "ETag": {"description": "The version, for If-Match", "schema": _TEXT, "example": '"3"'},
    "Consistency-Token": {
        "description": "Send it with a read, to read what was just written",
        "schema": _TEXT,
        "example": "4711",
    },
    "Idempotent-Replayed": {"description": "The same request was accepted before", "schema": {"const": "true"}},
}


def codes(operation: Operation) -> list[str]:
    """Every code that a client of this operation has to expect."""
    found = [*EVERYWHERE]
    if operation.body is not None:
        found += WITH_BODY
    if operation.tag != "webhooks":
        found += WITH_TOKEN
    if operation.signed_in:
        found += ["edge.sign_in_needed", "edge.forbidden"]
    if operation.command:
        found += [*WITH_KEY, *(["edge.key_missing"] if operation.key else [])]
    if operation.versioned:
        found += WITH_VERSION
    return [*found, *operation.errors]


def document(operations: Sequence[Operation], servers: Sequence[str] = ("/",)) -> dict[str, Any]:
    """The whole contract."""
    bodies = sorted({each.body for each in operations if each.body is not None}, key=lambda body: body.__name__)
    _, defined = models_json_schema(
        [(body, "validation") for body in bodies], ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = _page(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": "Every intent of a client, as a command."},
        "servers": [{"url": url} for url in servers],
        "paths": paths,
        "components": {
            "schemas": {**defined.get("$defs", {}), **SCHEMAS},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cartSession": {"type": "apiKey", "in": "header", "name": SESSION},
            },
        },
    }


def _page(operation: Operation) -> dict[str, Any]:
    page: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": _responses(operation),
        "security": _security(operation),
    }
    if operation.body is not None:
        schema = {"$ref": f"#/components/schemas/{operation.body.__name__}"}
        required = any(each.is_required() for each in operation.body.model_fields.values())
        page["requestBody"] = {"required": required, "content": {"application/json": {"schema": schema}}}
    elif operation.tag == "webhooks":
        page["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    return page


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _UUID}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.command:
        found.append(_header("Idempotency-Key", {"type": "string", "maxLength": 255}, operation.key))
    if operation.versioned:
        found.append(_header("If-Match", {"type": "string", "pattern": '^("[0-9]{1,9}"|\\*)$'}))
    if operation.waits:
        found.append(_header("Prefer", {"type": "string", "pattern": "^wait=[0-5]$"}))
    if operation.tag == "webhooks":
        found.append(_header("Stripe-Signature", _TEXT, required=True))
    return [*found, _header("Accept-Language", _TEXT), _header("X-Request-Id", {"type": "string", "maxLength": 128})]


def _header(name: str, schema: Mapping[str, Any], required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": schema}


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    ways: list[dict[str, list[str]]] = []
    if operation.signed_in or operation.session:
        ways.append({"token": []})
    if operation.session:
        ways.append({"cartSession": []})
    return ways if operation.signed_in else [*ways, {}]


def _responses(operation: Operation) -> dict[str, Any]:
    content = {"schema": {"$ref": f"#/components/schemas/{operation.answer}"}, "example": operation.example}
    good: dict[str, Any] = {"description": operation.summary, "content": {"application/json": content}}
    if operation.command or operation.answer == "Profile":
        good["headers"] = dict(_HEADERS)
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes(operation)):
        by_status.setdefault(CATALOGUE[code].status, []).append(code)
    bad = {str(status): _problem(operation, status, found) for status, found in sorted(by_status.items())}
    return {str(operation.status): good, **bad}


def _problem(operation: Operation, status: int, found: Sequence[str]) -> dict[str, Any]:
    examples = {
        code: {
            "value": {
                "type": TYPES + code,
                "title": CATALOGUE[code].en,
                "status": status,
                "instance": PREFIX + operation.path,
                "code": code,
                "traceId": "0198c5a0-d188-7475-8ea2-8d9e0f102132",
            }
        }
        for code in found
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    answer: dict[str, Any] = {"description": ", ".join(found), "content": {MEDIA_TYPE: content}}
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return answer
