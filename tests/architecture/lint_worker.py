"""Which contracts break with each plant? Runs inside a copy of the tree: `python -m tests.architecture.lint_worker`.

Plants one import at a time, reads the tree anew, takes the plant out again. Prints {plant: [broken contracts]}; the
tree without any plant stands under "".
"""

import json
import sys
from pathlib import Path

from importlinter import configuration
from importlinter.application import use_cases
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import registry

from tests.architecture.plants import PLANTS, SKELETON, Plant

OURS = ("write_model", "projections", "processes", "read_api", "infra", "tests", "tools")


def main() -> None:
    configuration.configure()
    registry.register(ForbiddenContract, "forbidden")
    registry.register(LayersContract, "layers")
    registry.register(ProtectedContract, "protected")
    for module in SKELETON:
        _make(module)
    answer = {"": broken()}
    for plant in PLANTS:
        answer[str(plant)] = planted(plant)
    sys.stdout.write(json.dumps(answer))


def broken() -> list[str]:
    """The names of the contracts that the tree breaks now."""
    report = use_cases.create_report(use_cases.read_user_options("pyproject.toml"), cache_dir=None)
    return [contract.name for contract, check in report.get_contracts_and_checks() if not check.kept]


def planted(plant: Plant) -> list[str]:
    made = _make(plant.importer)
    if plant.imported.split(".")[0] in OURS:
        made += _make(plant.imported)
    file = _file(plant.importer)
    before = file.read_text()
    file.write_text(f"{before}\nimport {plant.imported}\n")
    try:
        return broken()
    finally:
        file.write_text(before)
        for new in reversed(made):
            new.rmdir() if new.is_dir() else new.unlink()


def _file(module: str) -> Path:
    path = Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _make(module: str) -> list[Path]:
    """The module as an empty file, with the packages that it needs; what was made, in that order."""
    made: list[Path] = []
    path = Path(*module.split("."))
    for folder in reversed(path.parents[:-1]):
        if not folder.is_dir():
            folder.mkdir()
            (folder / "__init__.py").touch()
            made += [folder, folder / "__init__.py"]
    if not _file(module).exists():
        _file(module).touch()
        made.append(_file(module))
    return made


if __name__ == "__main__":
    main()
