"""Where does code walk a set, whose order changes from run to run? Told from the source alone, without types."""

import ast
import re
from collections.abc import Iterator

SET_CALLS = ("set", "frozenset")
ORDERED = ("list", "tuple", "enumerate", "iter", "reversed")


def walked_sets(tree: ast.Module) -> Iterator[str]:
    """One complaint for each."""
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            known = {name for node in ast.walk(scope) for name in _set_names(node)}
            walked = [node for node in ast.walk(scope) if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension)]
            looked = [node.iter for node in walked] + [one for node in ast.walk(scope) for one in _put_in_order(node)]
            yield from (f"{scope.name} walks the set {ast.unparse(one)}" for one in looked if _is_set(one, known))


def _set_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Assign) and _is_set(node.value, set()):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and _says_set(node.annotation):
        yield node.target.id
    if isinstance(node, ast.arg) and node.annotation and _says_set(node.annotation):
        yield node.arg


def _says_set(annotation: ast.expr) -> bool:
    return re.match(r"(set|frozenset|Set|AbstractSet)\b", ast.unparse(annotation)) is not None


def _put_in_order(node: ast.AST) -> list[ast.expr]:
    """What a call of list, tuple … puts into an order of its own."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ORDERED:
        return node.args[:1]
    return []


def _is_set(node: ast.expr, known: set[str]) -> bool:
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Name(id=name):
            return name in known
        case ast.Call(func=ast.Name(id=name)):
            return name in SET_CALLS
        case ast.BinOp(left=left, right=right, op=ast.BitAnd() | ast.BitOr() | ast.Sub() | ast.BitXor()):
            return any(_is_set(side, known) or ast.unparse(side).endswith(".keys()") for side in (left, right))
    return False
