"""Does a platform on which nothing went wrong pass every check, with something looked at by each of them?"""

import json
from pathlib import Path

import pytest

from tests.checker.__main__ import main
from tests.checker.checking import check
from tests.proof.sold import Sold

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

MAY_BE_AWAY = ("documents mongo product_reviews", "copies")  # nobody made any; Redis may forget


def test_a_whole_platform_passes_and_every_kind_of_row_was_looked_at(sold: Sold) -> None:
    findings = check(sold.places, sold.histories())

    assert [str(violation) for violation in findings.violations] == []
    nothing = [kind for kind, rows in findings.looked.items() if rows == 0 and not kind.startswith(MAY_BE_AWAY)]
    assert nothing == []
    assert findings.looked["orders against the ledger"] == len(sold.orders)
    assert findings.looked["reads held against the log"] >= 3 * len(sold.orders)
    assert findings.looked["history records"] == len(sold.records)


def test_the_program_prints_what_it_looked_at_and_ends_with_0(sold: Sold, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--run", str(sold.run), "--history", str(sold.history), "--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 0, told
    assert told["violations"] == 0
    assert told["rows"]["events"] > 100


def test_the_program_names_what_is_wrong_and_ends_with_1(
    sold: Sold, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "history.jsonl"
    wrong.write_text("{}\n")

    code = main(["--run", str(sold.run), "--history", str(wrong)])

    assert code == 1
    assert "history.unreadable  history.jsonl:1" in capsys.readouterr().out


def test_a_run_that_is_not_there_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--run", str(tmp_path / "run.json")]) == 2
    assert "could not look" in capsys.readouterr().err
