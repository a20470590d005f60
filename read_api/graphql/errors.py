"""Errors as GraphQL says them: refusals as data of a mutation, everything else as an error with a stable code."""

from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from infra.ports import Busy, Unavailable
from infra.security.tokens import TokenExpired, TokenInvalid
from projections.product_page.view import BadCursor, Behind, LostFuture, Rebuilding
from read_api.graphql.types import JSON
from read_api.wait_for import BadToken
from write_model.handling.bus import NewerThanCode, NotNow
from write_model.handling.catalogue import entry
from write_model.kernel.refused import Refused

INTERNAL = "edge.internal"
INVALID = "edge.query_invalid"
TOO_MUCH = (("nested too deeply", "edge.query_too_deep"), ("tokens. Parsing aborted", "edge.query_too_long"))


class Failed(Exception):
    """An error with a code of its own."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code, self.details = code, details


@strawberry.interface
class UserError:
    """Why a command was refused: nothing has changed. Branch on `code`."""

    code: str
    message: str
    path: list[str]


@strawberry.type
class StockNotAvailable(UserError):
    variant_id: strawberry.ID
    available: int


@strawberry.type
class PriceChanged(UserError):
    """The catalogue's prices are others: reprice the cart, show them, and try again."""

    lines: JSON


@strawberry.type
class WrongState(UserError):
    state: str
    allowed: list[str]


@strawberry.type
class InvalidInput(UserError):
    details: JSON


@strawberry.type
class OtherError(UserError):
    details: JSON


TYPES = (StockNotAvailable, PriceChanged, WrongState, InvalidInput, OtherError)


def user_error(refusal: Refused, locale: str, path: list[str]) -> UserError:
    """The refusal with its data, in its own type where it has one."""
    details: Mapping[str, Any] = _plain(refusal.details)
    common: dict[str, Any] = {"code": refusal.code, "message": entry(refusal.code).title(locale), "path": path}
    if refusal.code == "stock.not_available":
        variant = strawberry.ID(str(details.get("variant", "")))
        return StockNotAvailable(**common, variant_id=variant, available=int(details.get("available", 0)))
    if refusal.code == "checkout.price_changed":
        return PriceChanged(**common, lines=JSON(details.get("lines", [])))
    if "state" in details and "allowed" in details:
        return WrongState(**common, state=str(details["state"]), allowed=[str(name) for name in details["allowed"]])
    if entry(refusal.code).status in (400, 422):
        return InvalidInput(**common, details=JSON(details))
    return OtherError(**common, details=JSON(details))


def coded(error: BaseException) -> tuple[str, dict[str, object]]:
    """The code and the details of what a resolver raised. `edge.internal`: a bug, said to nobody outside."""
    match error:
        case Failed():
            return error.code, dict(error.details)
        case Behind():
            return "read.behind", {"position": error.position, "lagMs": error.lag_ms}
        case LostFuture():
            return "read.lost_future", {"head": error.head}
        case Rebuilding():
            return "read.rebuilding", {"position": error.position, "retryAfter": error.retry_after}
        case Refused():
            return error.code, _plain(error.details)
        case NotNow():
            return error.code, {"retryAfter": error.retry_after}
        case Busy():
            return "edge.busy", {"retryAfter": error.retry_after}
        case NewerThanCode():
            return error.code, {"retryAfter": 1.0}
        case Unavailable():
            return "read.rebuilding", {"retryAfter": 1.0}
        case BadCursor():
            return "edge.parameter_invalid", {"message": "no cursor of this list"}
        case BadToken():
            return "edge.parameter_invalid", {"message": "no Consistency-Token"}
        case TokenExpired():
            return "edge.token_expired", {}
        case TokenInvalid():
            return "edge.token_invalid", {}
        case CannotGetOperationTypeError() | InvalidOperationTypeError():
            return INVALID, {}
        case _:
            return INTERNAL, {}


def formatted(error: GraphQLError, locale: str) -> dict[str, object]:
    """As it goes over the wire: the code in `extensions`; a bug's text stays here."""
    answer: dict[str, object] = dict(error.formatted)
    code, details = told(error)
    if code != INVALID:
        answer["message"] = entry(code).title(locale)
    answer["extensions"] = {"code": code, **details}
    return answer


def told(error: GraphQLError) -> tuple[str, dict[str, object]]:
    """The code and the details of what came out of the executor."""
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        return coded(error.original_error)
    details: dict[str, object] = dict(error.extensions or {})
    if "code" in details:
        return str(details.pop("code")), details
    if isinstance(error, GraphQLSyntaxError):
        return next((code for words, code in TOO_MUCH if words in error.message), INVALID), details
    return INVALID if error.path is None else INTERNAL, details  # at a path: a value of ours did not fit the schema


def as_told(error: GraphQLError, locale: str) -> GraphQLError:
    """The same for those who send errors themselves."""
    code, details = told(error)
    message = error.message if code == INVALID else entry(code).title(locale)
    return GraphQLError(message, error.nodes, path=error.path, extensions={"code": code, **details})


def _plain(details: Mapping[str, object]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in details.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, Mapping):
        return _plain({str(key): inner for key, inner in value.items()})
    if isinstance(value, list | tuple):
        return [_plain_value(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(str(inner) for inner in value)
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)
