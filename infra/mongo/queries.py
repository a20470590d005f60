"""How does a Query read in MongoDB's words?"""

import re
from collections.abc import Mapping
from typing import Any

from pymongo import ASCENDING, DESCENDING

from infra.ports import Query


def conditions(query: Query) -> Mapping[str, Any]:
    """The filter, with the place after which the page begins. Raises ValueError for values of no use."""
    wanted: list[dict[str, Any]] = [{"_gone": {"$exists": False}}]
    wanted += [{name: {"$ne": None}} for name, _ in query.order if name != "_id"]
    wanted += [{name: value} for name, value in query.equal.items()]
    wanted += [{name: {"$in": list(values)}} for name, values in query.any_of.items()]
    wanted += [{name: {"$gte": value}} for name, value in query.at_least.items()]
    wanted += [{name: {"$lte": value}} for name, value in query.at_most.items()]
    wanted += [{name: {"$regex": re.escape(text), "$options": "i"}} for name, text in query.contains.items()]
    if query.after:
        wanted.append(_behind(query))
    return {"$and": wanted}


def _behind(query: Query) -> dict[str, Any]:
    """Documents behind the one with these values: the first field that differs decides."""
    if len(query.after) != len(query.order):
        raise ValueError("a place has one value for each field of the order")
    ways: list[dict[str, Any]] = []
    same: dict[str, Any] = {}
    for (name, falls), value in zip(query.order, query.after, strict=True):
        ways.append({**same, name: {"$lt" if falls else "$gt": value}})
        same[name] = value
    return {"$or": ways}


def sorting(query: Query) -> list[tuple[str, int]]:
    return [(name, DESCENDING if falls else ASCENDING) for name, falls in query.order]
