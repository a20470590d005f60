"""Lists, their pages, and the objects that a caller wants put in place of their ids."""

from typing import Any

from tools.standins.stripe.desk import Desk
from tools.standins.stripe.errors import Body, invalid, malformed, visible

EXPANDABLE = {
    "balance_transaction": "balance_transaction",
    "charge": "charge",
    "customer": "customer",
    "latest_charge": "charge",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "source": "charge",
}
DEEPEST = 4
_BOUND = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def page(desk: Desk, kind: str, url: str, given: Body, filters: tuple[str, ...]) -> Body:
    """A page of the newest objects first, as `limit`, `starting_after` and `ending_before` cut it."""
    limit = page_size(given)
    where, values = _conditions(desk, kind, given, filters)
    backwards = "ending_before" in given
    order = f"{where} order by seq {'asc' if backwards else 'desc'}"
    found = desk.book.rows(kind, order, values, limit + 1)
    more = len(found) > limit
    items = found[:limit]
    if backwards:
        items.reverse()
    return {"object": "list", "url": url, "has_more": more, "data": items}


def page_size(given: Body) -> int:
    limit: int = given.get("limit", 10)
    if not 1 <= limit <= 100:
        raise malformed("This value must be between 1 and 100.", code="parameter_invalid_integer", param="limit")
    return limit


def expanded(desk: Desk, body: Any, paths: list[str]) -> Any:
    """The answer with the wished objects inside, and without what Stripe keeps to itself. Raises Refusal."""
    body = visible(body)
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST + (steps[0] == "data"):
            raise malformed(f"You cannot expand more than {DEEPEST} levels of a property.", param="expand")
        _expand(desk, body, steps, path)
    return body


def _expand(desk: Desk, body: Any, steps: list[str], path: str) -> None:
    if isinstance(body, list):
        for item in body:
            _expand(desk, item, steps, path)
        return
    if not isinstance(body, dict) or steps[0] not in body:
        raise malformed(f"This property cannot be expanded ({path}).", param="expand")
    value = body[steps[0]]
    if isinstance(value, str):
        kind = EXPANDABLE.get(steps[0])
        if kind is None:
            raise malformed(f"This property cannot be expanded ({path}).", param="expand")
        if kind == "charge" and value.startswith("re_"):
            kind = "refund"
        value = body[steps[0]] = visible(desk.find(kind, value)) or value
    if len(steps) > 1 and value is not None and not isinstance(value, str):
        _expand(desk, value, steps[1:], path)


def _conditions(desk: Desk, kind: str, given: Body, filters: tuple[str, ...]) -> tuple[str, list[object]]:
    parts, values = ["1 = 1"], list[object]()
    for name in filters:
        if name in given:
            parts.append(f"json_extract(body, '$.{name}') = ?")
            values.append(given[name])
    for bound, moment in given.get("created", {}).items():
        parts.append(f"created {_BOUND[bound]} ?")
        values.append(moment)
    for name, sign in (("starting_after", "<"), ("ending_before", ">")):
        if name in given:
            place = desk.book.place(kind, given[name])
            if place is None:
                raise invalid(f"No such {kind}: '{given[name]}'", code="resource_missing", param=name)
            parts.append(f"seq {sign} ?")
            values.append(place)
    return " and ".join(parts), values
