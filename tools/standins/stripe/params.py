"""Are these the parameters that the endpoint takes? Checked before it begins, as Stripe does."""

from collections.abc import Callable, Mapping
from typing import Any

from tools.standins.stripe.errors import Refusal, malformed

Kind = Callable[[str, Any], Any]
Spec = dict[str, Kind]


def read(given: Mapping[str, Any], spec: Spec, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The parameters with their types. Raises Refusal: nothing is stored under an idempotency key for it."""
    for name in given:
        if name not in spec:
            raise malformed(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
    for name in required:
        if given.get(name, "") == "":
            raise malformed(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return {name: spec[name](name, value) for name, value in given.items()}


def text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise malformed(f"Invalid string: {value}", param=name)
    if len(value) > 5000:
        raise malformed(f"Invalid string: {name} must be at most 5000 characters", param=name)
    return value


def integer(name: str, value: Any) -> int:
    if not isinstance(value, str) or not value.lstrip("-").isdecimal() or len(value) > 15:
        raise malformed(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def boolean(name: str, value: Any) -> bool:
    if value not in ("true", "false"):
        raise malformed(f"Invalid boolean: {value}", param=name)
    return bool(value == "true")


def texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise malformed(f"Invalid array: {name}", param=name)
    return [text(name, item) for item in value]


def metadata(name: str, value: Any) -> dict[str, str]:
    """At most 50 pairs, names of 40 and values of 500 characters; an empty value takes the pair away."""
    if value == "":
        return {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise malformed("Invalid hash: metadata", param=name)
    if len(value) > 50 or any(len(key) > 40 or len(item) > 500 for key, item in value.items()):
        raise malformed("Metadata is limited to 50 pairs of 40 and 500 characters", param=name)
    return dict(value)


def anything(name: str, value: Any) -> Any:
    """What is kept as it came."""
    return value


def choice(*allowed: str) -> Kind:
    def kind(name: str, value: Any) -> str:
        if value not in allowed:
            raise malformed(f"Invalid {name}: must be one of {', '.join(allowed)}", param=name)
        return str(value)

    return kind


def group(spec: Spec, *required: str) -> Kind:
    """A hash of parameters."""

    def kind(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise malformed(f"Invalid hash: {name}", param=name)
        try:
            return read(value, spec, required)
        except Refusal as refused:
            inner = refused.error.get("param", "")
            first, bracket, rest = inner.partition("[")
            refused.error["param"] = f"{name}[{first}]{bracket}{rest}"
            raise

    return kind


def span(name: str, value: Any) -> dict[str, int]:
    """`created=5` or `created[gte]=5`."""
    if isinstance(value, str):
        moment = integer(name, value)
        return {"gte": moment, "lte": moment}
    bounds: dict[str, int] = group(dict.fromkeys(("gt", "gte", "lt", "lte"), integer))(name, value)
    return bounds


PAGE: Spec = {
    "limit": integer,
    "starting_after": text,
    "ending_before": text,
    "created": span,
    "expand": texts,
}
