"""Stripe's search language over payment intents, and its lag: what is newer than the lag is not found yet."""

import json
import re

from tools.standins.stripe import listing, params
from tools.standins.stripe.desk import Desk
from tools.standins.stripe.errors import Body, malformed

SEARCH: params.Spec = {"query": params.text, "limit": params.integer, "page": params.text, "expand": params.texts}
LAG = "search_lag"
_CLAUSE = re.compile(
    r"""\s*(?P<not>-)?(?:metadata\[(?P<mq>['"])(?P<key>.+?)(?P=mq)\]|(?P<field>\w+))\s*"""
    r"""(?P<sign>>=|<=|:|>|<|~)\s*(?:(?P<vq>['"])(?P<text>.*?)(?P=vq)|(?P<number>-?\d+)|(?P<null>null))\s*"""
)
_NUMBERS = ("amount", "created")
_TEXTS = ("currency", "customer", "status")
_COMPARE = {":": "=", ">": ">", ">=": ">=", "<": "<", "<=": "<="}


def search(desk: Desk, given: Body) -> Body:
    limit = listing.page_size(given)
    where, values = _sql(given["query"])
    lag = desk.book.wish(LAG) or 0
    if lag:
        where, values = f"({where}) and created <= ?", [*values, desk.moment - lag]
    if "page" in given:
        where, values = f"({where}) and seq < ?", [*values, params.integer("page", given["page"])]
    found = desk.book.rows("payment_intent", f"({where}) order by seq desc", values, limit + 1)
    more = len(found) > limit
    items = found[:limit]
    last = desk.book.place("payment_intent", items[-1]["id"]) if more else None
    return {
        "object": "search_result",
        "url": "/v1/payment_intents/search",
        "has_more": more,
        "next_page": None if last is None else str(last),
        "data": items,
    }


def _sql(query: str) -> tuple[str, list[object]]:
    """Clauses of one kind of connective, as Stripe allows. Raises Refusal."""
    place, parts, values, joints = 0, list[str](), list[object](), set[str]()
    while True:
        found = _CLAUSE.match(query, place)
        if found is None:
            raise malformed(f"We were unable to parse your search query at: {query[place:]!r}", param="query")
        part, value = _clause(found)
        parts.append(part)
        values.extend(value)
        place = found.end()
        if place == len(query):
            break
        joint = re.compile(r"(AND|OR)\b", re.IGNORECASE).match(query, place)
        if joint is not None:
            place = joint.end()
        joints.add(joint[1].upper() if joint else "AND")
    if len(joints) > 1:
        raise malformed("A search query may not mix AND and OR.", param="query")
    return f" {'OR' if joints == {'OR'} else 'AND'} ".join(parts), values


def _clause(found: re.Match[str]) -> tuple[str, list[object]]:
    sign, negative = found["sign"], "not " if found["not"] else ""
    text = found["text"] if found["vq"] else None
    if found["key"] is not None:
        return _metadata(found["key"], sign, text, negative)
    field = found["field"]
    if field in _NUMBERS and found["number"] is not None and sign in _COMPARE:
        return f"{negative}json_extract(body, '$.{field}') {_COMPARE[sign]} ?", [int(found["number"])]
    if field in _TEXTS and sign == ":":
        if text is None:
            return f"json_extract(body, '$.{field}') is {'not ' if negative else ''}null", []
        return f"{negative}json_extract(body, '$.{field}') = ?", [text]
    raise malformed(f"Field `{field}` is not searchable this way.", param="query")


def _metadata(key: str, sign: str, text: str | None, negative: str) -> tuple[str, list[object]]:
    path = f"$.metadata.{json.dumps(key)}"
    if text is None:
        return f"json_extract(body, ?) is {'not ' if negative else ''}null", [path]
    if sign == "~":
        return f"{negative}instr(json_extract(body, ?), ?) > 0", [path, text]
    if sign != ":":
        raise malformed("Metadata is searched by `:` or `~`.", param="query")
    if key == "order_id" and not negative:  # indexed
        return "order_id = ?", [text]
    return f"{negative}coalesce(json_extract(body, ?), '') = ?", [path, text]
