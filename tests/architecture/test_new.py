"""Does what `make new` writes pass the checks? Each start is made in a copy of the tree and looked at there."""

import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from tests.architecture.code import ROOT, written
from tests.architecture.lint_worker import OURS
from tests.architecture.shape import RULES, Source
from tools.new import Made, make
from tools.starts.editing import EditRefused

STARTS = {
    "event": ("event", "OrderShipped", "order"),
    "event of a room with one event": ("event", "ReviewWithdrawn", "review"),
    "room": ("room", "loyalty", ""),
    "view": ("view", "shipped_orders", "order"),
    "process": ("process", "award_points", "order"),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for package in OURS:
        for file in (ROOT / package).rglob("*.py"):
            target = tmp_path / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return tmp_path


@pytest.mark.parametrize("start", STARTS)
def test_a_start_keeps_the_rules_of_shape_and_format(start: str, tree: Path) -> None:
    made = make(tree, *STARTS[start])
    sources = [Source(PurePosixPath(path), text) for path, text in _code(made).items()]
    assert [fault for source in sources for rule in RULES for fault in rule(source)] == []
    assert _run(tree, "-m", "ruff", "format", "--check", *_code(made)) == ""
    assert _run(tree, "-m", "ruff", "check", "--quiet", *_code(made)) == ""


@pytest.mark.parametrize("start", ["room", "view", "process"])
def test_a_start_passes_its_own_tests_and_breaks_no_contract(start: str, tree: Path) -> None:
    if start == "process" and not written("processes.running.messages"):
        return
    before = _broken(tree)
    made = make(tree, *STARTS[start])
    tests = [path for path in made.files if PurePosixPath(path).name.startswith("test_")]
    assert tests
    assert _run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests) == ""
    assert _broken(tree) == before


def test_a_new_event_joins_its_union_and_the_stored_names_and_gets_a_sample(tree: Path) -> None:
    make(tree, *STARTS["event"])
    assert _run(tree, "-m", "tools.golden") == ""
    assert (tree / "tests/golden/events/order.shipped.v1.json").exists()
    known = "from write_model.order.events import *; import typing; assert OrderShipped in typing.get_args(OrderEvent)"
    assert _run(tree, "-c", known) == ""


@pytest.mark.parametrize(
    "wish",
    [
        ("event", "OrderPlaced", "order"),
        ("event", "orderShipped", "order"),
        ("event", "PointsAwarded", "loyalty"),
        ("room", "order", ""),
        ("room", "Loyalty", ""),
        ("view", "product_page", "order"),
        ("view", "../escape", "order"),
        ("report", "sales", "order"),
    ],
)
def test_a_wish_that_makes_no_sense_writes_nothing(wish: tuple[str, str, str], tree: Path) -> None:
    before = {file: file.read_bytes() for file in tree.rglob("*") if file.is_file()}
    with pytest.raises(EditRefused):
        make(tree, *wish)
    assert {file: file.read_bytes() for file in tree.rglob("*") if file.is_file()} == before


def _code(made: Made) -> dict[str, str]:
    return {path: text for path, text in made.files.items() if path.endswith(".py")}


def _run(tree: Path, *arguments: str) -> str:
    """What a failing command says; nothing when it is content."""
    done = subprocess.run([sys.executable, *arguments], cwd=tree, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _broken(tree: Path) -> str:
    """The contracts that the copy breaks, without any plant."""
    script = "from tests.architecture import lint_worker; lint_worker.PLANTS = (); lint_worker.main()"
    done = subprocess.run([sys.executable, "-c", script], cwd=tree, capture_output=True, text=True, check=True)
    return done.stdout
