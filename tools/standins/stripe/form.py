"""How do nested values stand in a form-encoded body? `a[b]=1`, `a[]=1`, `a[0][b]=1` as Stripe takes them."""

import re
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from tools.standins.stripe.errors import malformed

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(raw: bytes) -> dict[str, Any]:
    """A form body or query string as nested dicts, lists and texts. Raises Refusal."""
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, strict_parsing=bool(raw), errors="strict")
    except (UnicodeDecodeError, ValueError) as wrong:
        raise malformed("Invalid request body: it is not form encoded.") from wrong
    tree: dict[str, Any] = {}
    for name, value in pairs:
        found = _NAME.match(name)
        if found is None:
            raise malformed(f"Invalid parameter name: {name}", param=name)
        _plant(tree, [found[1], *_PART.findall(found[2])], value, name)
    lists: dict[str, Any] = {key: _lists(value) for key, value in tree.items()}
    return lists


def _plant(tree: dict[str, Any], path: list[str], value: str, name: str) -> None:
    for part, following in pairwise(path):
        step = part or str(len(tree))
        tree = tree.setdefault(step, {})
        if not isinstance(tree, dict):
            raise malformed(f"Invalid hash: {name} is also given as {part}={following}", param=name)
    last = path[-1] or str(len(tree))
    if isinstance(tree.get(last), dict):
        raise malformed(f"Invalid {name}: it is also given as a hash", param=name)
    tree[last] = value


def _lists(value: Any) -> Any:
    """A hash whose keys are 0, 1, 2, ... is a list."""
    if not isinstance(value, dict):
        return value
    if value and all(key == str(place) for place, key in enumerate(value)):
        return [_lists(item) for item in value.values()]
    return {key: _lists(item) for key, item in value.items()}
