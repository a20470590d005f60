"""What is where? Writes docs/map.md (rooms, events, who hears them, views, API fields) and docs/errors.md.

`python -m tools.map`. A test fails when a page says something else than the code.
"""

import ast
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from infra.ports import Schema
from tools.errors_page import errors_page
from write_model.handling.names import EVENTS

MAP, ERRORS = Path("docs/map.md"), Path("docs/errors.md")
MADE = "<!-- Made by `make map` from the code. Do not edit. -->\n"


@dataclass(frozen=True, slots=True)
class Listener:
    """A read model or a process, with the event classes that it hears."""

    name: str
    question: str  # the first line of its module
    heard: frozenset[type]


def projections(root: Path) -> list[Listener]:
    return [_listener("projections", file) for file in sorted(root.glob("projections/*/projector.py"))]


def processes(root: Path) -> list[Listener]:
    return [_listener("processes", file) for file in sorted(root.glob("processes/*/process.py"))]


def schemas() -> list[Schema]:
    """The newest version of every event, room by room as the registry has them."""
    newest: dict[type, Schema] = {}
    for schema in EVENTS:
        if schema.cls not in newest or newest[schema.cls].version < schema.version:
            newest[schema.cls] = schema
    return list(newest.values())


def heard_by(listeners: Iterable[Listener], event: type) -> list[str]:
    return [listener.name for listener in listeners if event in listener.heard]


def api_fields(root: Path) -> dict[str, list[str]]:
    """For each view the fields and routes of the files that read it."""
    found: dict[str, list[str]] = {}
    for file in sorted(root.glob("read_api/**/*.py")):
        tree = ast.parse(file.read_text())
        fields = [name for node in tree.body for name in (*_fields(node), *_resolver(node))]
        place = file.relative_to(root / "read_api").as_posix()
        for view in sorted(set(_views(tree))):
            found.setdefault(view, []).append(f"`{place}`" + (f": {', '.join(fields)}" if fields else ""))
    return found


def map_page(root: Path) -> str:
    readers, doers, events = projections(root), processes(root), schemas()
    rooms: dict[str, list[Schema]] = {}
    for schema in events:
        rooms.setdefault(schema.cls.__module__.split(".")[1], []).append(schema)
    lines = [MADE, "# Map", "", "Which room says what, who hears it, and where a client sees it.", "", "## Rooms"]
    for room, said in rooms.items():
        lines += ["", f"### {room}", "", "| Event | Stored as | Read models | Processes |", "|---|---|---|---|"]
        lines += [_event_row(schema, readers, doers) for schema in said]
    return "\n".join([*lines, *_listeners_part(readers, doers, api_fields(root))]) + "\n"


def pages(root: Path) -> Mapping[Path, str]:
    """Every generated page, by its path from the root."""
    return {MAP: map_page(root), ERRORS: MADE + errors_page()}


def _event_row(schema: Schema, readers: list[Listener], doers: list[Listener]) -> str:
    views = ", ".join(heard_by(readers, schema.cls)) or "–"
    reacting = ", ".join(heard_by(doers, schema.cls)) or "–"
    return f"| {schema.cls.__name__} | `{schema.type}` v{schema.version} | {views} | {reacting} |"


def _listeners_part(readers: list[Listener], doers: list[Listener], fields: Mapping[str, list[str]]) -> list[str]:
    lines = ["", "## Read models", "", "| View | The question | Read by |", "|---|---|---|"]
    lines += [f"| {one.name} | {one.question} | {'; '.join(fields.get(one.name, [])) or '–'} |" for one in readers]
    lines += ["", "## Processes", "", "| Process | What it sees to | Events |", "|---|---|---|"]
    for doer in doers:
        names = ", ".join(sorted(event.__name__ for event in doer.heard))
        lines.append(f"| {doer.name} | {doer.question} | {names} |")
    return lines


def _listener(package: str, file: Path) -> Listener:
    room = file.parent.name
    module = import_module(f"{package}.{room}.{file.stem}")
    told = import_module(f"{package}.{room}.view") if file.with_name("view.py").exists() else module
    return Listener(room, (told.__doc__ or "").strip().splitlines()[0], _heard(module))


def _heard(module: Any) -> frozenset[type]:
    """What its Projection or Process handles."""
    run = [value for value in vars(module).values() if hasattr(value, "handles") and not isinstance(value, type)]
    return frozenset(event for one in run for event in one.handles)


def _views(tree: ast.Module) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("projections."):
            yield (node.module or "").split(".")[1]
        if isinstance(node, ast.ImportFrom) and node.module == "projections":
            yield from (alias.name for alias in node.names)


def _fields(node: ast.AST, owner: str = "") -> Iterable[str]:
    """What a decorator makes of a function: `GET /orders/{id}`, or a GraphQL field as clients spell it."""
    if isinstance(node, ast.ClassDef):
        for part in node.body:
            yield from _fields(part, f"{node.name}.")
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for part in node.body:
            yield from _fields(part, owner)
        yield from (said for mark in node.decorator_list for said in _marked(mark, owner, node.name))


def _resolver(node: ast.AST) -> Iterable[str]:
    """A public function that takes GraphQL's `info` first is a field of the root."""
    if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_"):
        yield from (_spelt(node.name) for first in node.args.args[:1] if first.arg == "info")


def _spelt(name: str) -> str:
    """order_timeline → orderTimeline."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _marked(mark: ast.expr, owner: str, name: str) -> Iterable[str]:
    called = mark.func if isinstance(mark, ast.Call) else mark
    kind = called.attr if isinstance(called, ast.Attribute) else ""
    if kind in ("get", "post", "put", "patch", "delete") and isinstance(mark, ast.Call) and mark.args:
        yield f"{kind.upper()} {ast.literal_eval(mark.args[0])}"
    if kind in ("field", "mutation", "subscription", "connection"):
        yield owner + _spelt(name)


def main() -> None:
    for path, text in pages(Path.cwd()).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
