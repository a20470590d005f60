"""Is there something planted for every check?"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.kit.platform import ROOT

CODE = re.compile(r"[a-z]+\.[a-z_]+")


def codes() -> Iterator[str]:
    """All that the checker may find wrong."""
    for file in sorted(Path(ROOT, "tests", "checker").rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in ("wrong", "must"):
                words = [each.value for each in call.args if isinstance(each, ast.Constant)]
                yield from [word for word in words if isinstance(word, str) and CODE.fullmatch(word)][:1]


def test_every_code_of_the_checker_is_planted_by_a_test_of_the_proof() -> None:
    planted = "\n".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    found = set(codes())

    assert len(found) > 60
    assert sorted(code for code in found if f'"{code}"' not in planted) == []
