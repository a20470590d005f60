"""How is a text changed by what is new? Each function takes the text and gives the new one."""

import ast
import re
from collections.abc import Mapping
from textwrap import indent

WIDTH = 120


class EditRefused(Exception):
    """The file does not have the form that the addition needs, or the wish makes no sense."""


def snake(name: str) -> str:
    """OrderShipped → order_shipped."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def camel(name: str) -> str:
    """award_points → AwardPoints."""
    return "".join(word.title() for word in name.split("_"))


def filled(text: str, words: Mapping[str, str]) -> str:
    """The text with each of the words put in."""
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def events_of(text: str) -> list[str]:
    """The names in the union of a room's events.py, in order. Raises EditRefused."""
    return [part.strip() for part in ast.unparse(_union(text).value).split("|")]


def add_event(text: str, name: str, key: str) -> str:
    """A frozen class before the union, and its name at the union's end. Raises EditRefused."""
    names = events_of(text)
    if name in names or f"class {name}(" in text:
        raise EditRefused(f"{name} is there already")
    union = _union(text)
    lines = text.splitlines()
    before, after = lines[: union.lineno - 1], lines[union.end_lineno or union.lineno :]
    made = ["@dataclass(frozen=True, slots=True, kw_only=True)", f"class {name}(Event):", f"    {key}: UUID", "", ""]
    return "\n".join([*before, *made, _written(ast.unparse(union.targets[0]), [*names, name]), *after]) + "\n"


def add_schema(text: str, room: str, stored: str, name: str) -> str:
    """A line at the end of the room's tuple of stored names. Raises EditRefused."""
    if f'"{stored}"' in text:
        raise EditRefused(f"{stored} is taken")
    found = re.search(rf"^{room.upper()} = \(((?:.*,\))|(?:\n(?:    .*\n)+\)))$", text, re.MULTILINE)
    if not found:
        raise EditRefused(f"no tuple {room.upper()} among the stored names")
    lines = [line.strip().removesuffix(",") for line in found.group(1).removesuffix(")").splitlines() if line.strip()]
    lines.append(f'Schema("{stored}", 1, {room}.{name})')
    made = f"{room.upper()} = (\n" + "".join(f"    {line},\n" for line in lines) + ")"
    return text[: found.start()] + made + text[found.end() :]


def declare(text: str, contract: str, room: str) -> str:
    """The room's word in the list of an import contract's rooms. Raises EditRefused."""
    head, found, rest = text.partition(f'name = "{contract}"')
    lines = re.finditer(r'^ *"(\(\w+\)(?: \| )?)+(?=",$)', rest.split("[[")[0], re.MULTILINE)
    longest = max(lines, key=lambda one: len(one.group()), default=None)
    if not found or longest is None:
        raise EditRefused(f"no list of rooms under {contract!r}")
    if f"({room})" in longest.group():
        raise EditRefused(f"{room} is declared already")
    return f"{head}{found}{rest[: longest.end()]} | ({room}){rest[longest.end() :]}"


def _union(text: str) -> ast.Assign:
    assigned = [node for node in ast.parse(text).body if isinstance(node, ast.Assign)]
    for node in reversed(assigned):
        if ast.unparse(node.targets[0]).endswith("Event"):
            return node
    raise EditRefused("no union of events")


def _written(target: str, names: list[str]) -> str:
    line = f"{target} = {' | '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return f"{target} = (\n{indent(names[0], '    ')}\n" + "".join(f"    | {name}\n" for name in names[1:]) + ")"
