"""Does each import contract break when it should? A contract whose wildcard matches nothing would pass for ever."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.lint_worker import OURS
from tests.architecture.plants import PLANTS, Plant

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The contracts that each plant breaks, found in a copy of the tree."""
    copy = tmp_path_factory.mktemp("tree")
    for package in OURS:
        for file in (ROOT / package).rglob("*.py"):
            target = copy / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    (copy / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "tests.architecture.lint_worker"], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, list[str]] = json.loads(done.stdout)
    return answer


def test_the_tree_itself_keeps_every_contract(broken: dict[str, list[str]]) -> None:
    assert broken[""] == []


@pytest.mark.parametrize("plant", PLANTS, ids=str)
def test_a_planted_import_breaks_the_contract_that_forbids_it(plant: Plant, broken: dict[str, list[str]]) -> None:
    assert plant.contract in broken[str(plant)]


def test_every_contract_and_every_row_of_the_rule_has_a_plant() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}
    assert {plant.contract for plant in PLANTS} == contracts
    rows = {line.split("|")[1].strip(" `") for line in _rule() if line.startswith("| `")}
    assert {plant.row for plant in PLANTS} == rows


def _rule() -> list[str]:
    """The lines of the table in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    return text.split("## Who may import whom")[1].split("\n## ")[0].splitlines()
