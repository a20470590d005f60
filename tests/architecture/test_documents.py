"""Do the generated pages say what the code says, and do the written ones name files that are there?"""

import re
from pathlib import Path

from tests.architecture.code import ROOT, written
from tools.map import pages


def test_the_generated_pages_are_up_to_date() -> None:
    if written("projections.main", "processes.main"):
        stale = [path for path, text in pages(ROOT).items() if (ROOT / path).read_text() != text]
        assert stale == [], "run `make map`"


def test_every_check_that_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    shape = (ROOT / "tests/architecture/shape.py").read_text()
    named = re.findall(r"`(?:shape\.)?((?:\w+_\w+))`(?= \||,)", text.split("## Shape")[1].split("\n## ")[0])
    assert [rule for rule in named if f"def {rule}(" not in shape] == []
    assert [file for file in re.findall(r"`(test_\w+\.py)`", text) if not _there(file)] == []


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages_ = [ROOT / "CONTRIBUTING.md", ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = {name for page in pages_ for name in re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", page.read_text(), re.M)}
    assert {one for pair in named for one in pair if one} - targets == set()


def _there(name: str) -> Path | None:
    return next((ROOT / "tests/architecture").glob(name), None)
