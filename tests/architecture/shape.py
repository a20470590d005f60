"""What must every source file look like? Rules that imports can't show; each gives complaints about one file."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from tests.architecture.unordered import walked_sets

FILE_LINES, FUNCTION_LINES = 300, 40
PORTS = PurePosixPath("infra/ports")
VAGUE = re.compile("manager|service|helper|helpers|util|utils|common|base|core|misc|impl")
PURE_CALLS = re.compile(
    r"((date|datetime)\.)(now|utcnow|today|fromtimestamp)|(\w+\.)*(uuid[14]|uuid7|urandom|to_thread|run_in_executor)"
    r"|(time|random|secrets)\.\w+"
)
WAITING = {  # of asyncio: what follows the loop's clock
    *("TaskGroup", "Task", "Future", "create_task", "current_task", "get_running_loop", "wait", "gather", "shield"),
    *("Queue", "QueueEmpty", "QueueFull", "Lock", "Event", "Condition", "Semaphore", "timeout", "timeout_at"),
    *("CancelledError", "InvalidStateError", "FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"),
}
BUILT = re.compile(
    r"\w*(Client|Pool|Engine|Broker|FastAPI|Settings|Appender|Reader|Store)|Redis|Bus|create(_async)?_engine"
    r"|open_pool|from_url|connect|build(_\w+)?|read_settings"
)


@dataclass(frozen=True, slots=True)
class Source:
    path: PurePosixPath  # from the root
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def simulated(self) -> bool:
        """Runs in the simulation as well: waits, clocks and chance come through ports. The mains are outside."""
        ours = self.path.parts[0] in ("write_model", "projections", "processes", "read_api")
        return ours and not self.path.name.startswith("main")

    @property
    def domain(self) -> bool:
        outside = ("handling", "api", "account")
        return self.path.parts[0] == "write_model" and len(self.path.parts) > 2 and self.path.parts[1] not in outside


Rule = Callable[[Source], Iterator[str]]


def file_fits(source: Source) -> Iterator[str]:
    lines = source.text.count("\n")
    if lines > FILE_LINES:
        yield f"{lines} lines, {FILE_LINES} are allowed"


def functions_fit(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = _lines(node) - sum(_lines(inner) for inner in _within(node))
            if lines > FUNCTION_LINES:
                yield f"{node.name} has {lines} lines, {FUNCTION_LINES} are allowed"


def names_say_something(source: Source) -> Iterator[str]:
    classes = [node.name for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    for name in (*source.path.with_suffix("").parts, *classes):
        words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
        if vague := [word for word in words if VAGUE.fullmatch(word.lower())]:
            yield f"{name}: {vague[0]} says nothing"


def messages_are_frozen(source: Source) -> Iterator[str]:
    if source.path.parts[0] != "write_model" or source.path.name not in ("events.py", "commands.py"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            made = [ast.unparse(mark) for mark in node.decorator_list]
            if not any("frozen=True" in mark and "kw_only=True" in mark for mark in made):
                yield f"{node.name} is not a frozen, keyword-only dataclass"


def nothing_by_chance(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree) if source.simulated else ():
        if isinstance(node, ast.Call) and PURE_CALLS.fullmatch(ast.unparse(node.func)):
            yield f"calls {ast.unparse(node.func)}: ask the Clock or Ids port"
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "asyncio" and node.attr not in WAITING:
            yield f"uses asyncio.{node.attr}, which does not follow the loop's clock"


def sets_are_not_walked(source: Source) -> Iterator[str]:
    """The order of a set changes from run to run: sort it first."""
    if source.simulated:
        yield from walked_sets(source.tree)


def nothing_is_built_on_import(source: Source) -> Iterator[str]:
    if source.path.parts[0] == "tests":
        return
    module = [node for node in source.tree.body if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr)]
    functions = [node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    defaults = [one for node in functions for one in (*node.args.defaults, *node.args.kw_defaults) if one]
    for call in (node for place in (*module, *defaults) for node in ast.walk(place) if isinstance(node, ast.Call)):
        if BUILT.fullmatch(ast.unparse(call.func).rsplit(".", 1)[-1]):
            yield f"builds {ast.unparse(call.func)} on import: build it in a main and hand it in"


def domain_needs_only_python(source: Source) -> Iterator[str]:
    is_port = source.path.is_relative_to(PORTS)
    for node in ast.walk(source.tree) if source.domain or is_port else ():
        named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for root in (name.split(".")[0] for name in named if not (is_port and name.startswith("infra.ports."))):
            if root not in sys.stdlib_module_names and root != "write_model":
                yield f"imports {root}, which is not of the standard library"


Function = ast.FunctionDef | ast.AsyncFunctionDef


def _lines(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _within(node: ast.AST) -> Iterator[Function]:
    """The functions inside it, which count for themselves (handlers in the function that builds a router)."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            yield inner
        else:
            yield from _within(inner)


RULES: tuple[Rule, ...] = (
    file_fits,
    functions_fit,
    names_say_something,
    messages_are_frozen,
    nothing_by_chance,
    sets_are_not_walked,
    nothing_is_built_on_import,
    domain_needs_only_python,
)
